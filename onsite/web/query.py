"""Reads what requests say: numbers in addresses, page limits and cursors, fields of JSON bodies. Refuses in words."""

from typing import Any

from aiohttp import web
from pydantic import SecretStr

from onsite.engine.views import Cursor
from shared.web import RequestRefused

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
"""Rows of one page."""

_MAX_ID = 2**63 - 1


def id_of(request: web.Request) -> int:
    """Read the id in the address; one that is no id names nothing that exists. Raises RequestRefused 404."""
    number = _number(request.match_info["id"])
    if number is None:
        raise RequestRefused(404, "not_found", "the id in the address must be a number")
    return number


def limit_of(request: web.Request) -> int:
    """Read `limit`. Raises RequestRefused 400."""
    text = request.query.get("limit", str(DEFAULT_LIMIT))
    limit = _number(text)
    if limit is None or not 1 <= limit <= MAX_LIMIT:
        raise RequestRefused(400, "bad_limit", f"limit must be a number from 1 to {MAX_LIMIT}")
    return limit


def before_id_of(request: web.Request) -> int | None:
    """Read `before` of a list ordered by id. Raises RequestRefused 400."""
    text = request.query.get("before")
    if text is None:
        return None
    number = _number(text)
    if number is None:
        raise _bad_before()
    return number


def cursor_of(request: web.Request) -> Cursor | None:
    """Read `before` of a list ordered by time. Raises RequestRefused 400."""
    text = request.query.get("before")
    if text is None:
        return None
    at_ms, _, row_id = text.partition(".")
    moment, number = _number(at_ms), _number(row_id)
    if moment is None or number is None:
        raise _bad_before()
    return Cursor(moment, number)


def write_cursor(cursor: Cursor) -> str:
    """Write what `cursor_of` reads."""
    return f"{cursor.at_ms}.{cursor.id}"


def seconds_of(request: web.Request, name: str, *, longest: float) -> float:
    """Read a number of seconds from 0 to `longest`; 0 when it is not there. Raises RequestRefused 400."""
    try:
        seconds = float(request.query.get(name, "0"))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= longest:
        raise RequestRefused(400, f"bad_{name}", f"{name} must be a number from 0 to {longest:.0f}")
    return seconds


def text_field(body: dict[str, Any], name: str, *, default: str | None = None) -> str:
    """Return a text of a JSON body; `default` None means that it must be there. Raises RequestRefused 422."""
    value = body.get(name, default)
    if not isinstance(value, str):
        raise RequestRefused(422, "bad_field", f"{name} must be a text")
    return value


def secret_field(body: dict[str, Any], name: str) -> SecretStr:
    """Return a secret of a JSON body. Raises RequestRefused 422."""
    return SecretStr(text_field(body, name).strip())


def flag_field(body: dict[str, Any], name: str) -> bool:
    """Return a boolean of a JSON body; False when it is not there. Raises RequestRefused 422."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise RequestRefused(422, "bad_field", f"{name} must be true or false")
    return value


def count_field(body: dict[str, Any], name: str) -> int:
    """Return a number from 0 on of a JSON body; 0 when it is not there. Raises RequestRefused 422."""
    value = body.get(name, 0)
    if type(value) is not int or not 0 <= value <= _MAX_ID:  # a boolean is an int, too
        raise RequestRefused(422, "bad_field", f"{name} must be a whole number from 0 on")
    return value


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_ID))):
        return None
    number = int(text)
    return number if number <= _MAX_ID else None


def _bad_before() -> RequestRefused:
    return RequestRefused(400, "bad_before", "before must be what the page before gave as `next`")
