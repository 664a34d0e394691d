"""Reading other people's JSON: whatever stands there goes in, a value of one known type comes out. Not a validator.

Platforms write numbers as texts, leave keys out and add others. Each reader returns a value of its type or that type's
"nothing" (empty text, empty list, None), so that one odd field never costs the rest of an event. Only `decode_object`
raises. What comes out can be stored anywhere: texts have no lone surrogate and no NUL (PostgreSQL takes neither),
integers fit in 64 bits, ids fit in an index.
"""

import json
import math
import re
from typing import Any

from shared.clock import LAST_MS

JsonObject = dict[str, Any]

MAX_ID_CHARS = 512
"""Longer than any id seen of Meta's or Telegram's, short enough for a PostgreSQL index entry (2704 bytes)."""

_SECONDS_BELOW = 10**11
"""A moment below is told in seconds, from there on in milliseconds: in ms this is 1973, in s the year 5138."""
_INT64 = 2**63
_INTEGER = re.compile(r"-?[0-9]{1,19}")


def decode_object(data: bytes) -> JsonObject:
    """Decode a JSON object. Raises ValueError for anything else; the message repeats nothing of `data`.

    The standard decoder, as it accepts a lone surrogate in a text, for which stricter ones refuse the whole document.
    """
    try:
        value = json.loads(data, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError:
        raise ValueError("it is no JSON") from None
    if not isinstance(value, dict):
        raise ValueError("it is JSON, but no object")  # noqa: TRY004  the caller asks about the data, not its type
    return value


def canonical(value: Any) -> bytes:
    """Write a decoded value so that spacing and the order of keys no longer matter. Raises RecursionError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def as_object(value: Any) -> JsonObject:
    """Return the object, or an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return the list, or an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: Any) -> str:
    """Return the text, or an integer's digits, or an empty text."""
    if _is_integer(value):
        return str(value)
    return _storable(value) if isinstance(value, str) else ""


def as_id(value: Any) -> str:
    """Return an id, which may be written as a text or as a number, or an empty text."""
    text = as_text(value)
    return text if len(text) <= MAX_ID_CHARS else ""


def as_int(value: Any) -> int | None:
    """Return a whole number of 64 bits, which may be written as a text or with a zero fraction."""
    is_digits = isinstance(value, str) and _INTEGER.fullmatch(value) is not None
    if is_digits or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    return value if _is_integer(value) and -_INT64 <= value < _INT64 else None


def as_size(value: Any) -> int | None:
    """Return a size in bytes: a whole number that is not negative."""
    size = as_int(value)
    return size if size is not None and size >= 0 else None


def as_number(value: Any) -> float | None:
    """Return a finite number."""
    if _is_integer(value) and -_INT64 <= value < _INT64:
        return float(value)
    return value if isinstance(value, float) and math.isfinite(value) else None


def as_epoch_ms(value: Any) -> int | None:
    """Return a moment as milliseconds since 1970, whether it is told in seconds or in milliseconds."""
    moment = as_int(value)
    if moment is None or moment <= 0:
        return None
    in_ms = moment * 1000 if moment < _SECONDS_BELOW else moment
    return in_ms if in_ms <= LAST_MS else None


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _storable(text: str) -> str:
    """Put U+FFFD in the place of what no database and no UTF-8 can hold."""
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "\ufffd")


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
