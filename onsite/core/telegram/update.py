"""One update of Telegram: its number, its kind, its content. Not what the content means.

An update has exactly one key besides `update_id`; the key is its kind.
Source: https://core.telegram.org/bots/api#update
"""

from dataclasses import dataclass
from typing import Any

from onsite.core.errors import TranslationError
from onsite.core.telegram.chat import conversation_key
from shared.lenient import JsonObject, as_epoch_ms, as_object

UNNAMED = "update"
"""The kind of an update that has no key of its own."""

_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Update:
    """One update, read as far as all kinds have it in common."""

    kind: str
    content: JsonObject
    """What stands under the kind; empty where that is no object."""
    verbatim: Any
    """What stands under the kind, whatever it is: part of the update's identity."""
    update_id: int | None
    received_at_ms: int

    @property
    def conversation(self) -> str:
        """The conversation it concerns, or an empty text."""
        return conversation_key(self.content)

    @property
    def happened_at_ms(self) -> int:
        """When it happened; when we received it, if it does not tell."""
        return as_epoch_ms(self.content.get("date")) or self.received_at_ms


def read_update(item: JsonObject, *, known: tuple[str, ...], received_at_ms: int) -> Update:
    """Read a decoded update; of several kinds, which Telegram never sends, the first of `known` counts."""
    others = sorted(item.keys() - {"update_id"})
    kind = next((key for key in (*known, *others) if key in item), UNNAMED)
    content = item.get(kind)
    return Update(kind, as_object(content), content, read_update_id(item), received_at_ms)


def read_update_id(item: JsonObject) -> int | None:
    """Return the update's number, or None where it is missing or odd."""
    update_id = item.get("update_id")
    if isinstance(update_id, bool) or not isinstance(update_id, int):
        return None
    return update_id if 0 <= update_id < _INT64 else None


def require_update_id(item: JsonObject) -> int:
    """Return the update's number. Raises TranslationError where it is missing or odd."""
    update_id = read_update_id(item)
    if update_id is None:
        raise TranslationError("the update has no usable update_id")
    return update_id
