"""Cuts a list into the parts that cursors lead through. Pure.

https://developers.facebook.com/docs/graph-api/results: a cursor points at an object, so a list that grows at its head
does not shift under the reader. `next` holds the access token, as Meta's does, and is there only while more follows.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from tests.simulators.graph import errors

Item = TypeVar("Item")

DEFAULT_LIMIT = 25
MAX_LIMIT = 100
PARAMETERS = frozenset({"after", "before", "limit"})


def part_of(
    items: Sequence[Item],
    key: Callable[[Item], str],
    params: Mapping[str, Any],
    *,
    default_limit: int = DEFAULT_LIMIT,
    max_limit: int = MAX_LIMIT,
) -> tuple[Sequence[Item], bool]:
    """Return the items between the cursors, at most `limit`, and whether more follow. Raises GraphError 100."""
    limit = _limit(params.get("limit"), default_limit, max_limit)
    keys = [key(item) for item in items]
    start = keys.index(_read_cursor(params["after"], keys)) + 1 if params.get("after") else 0
    if params.get("before"):
        end = keys.index(_read_cursor(params["before"], keys))
        start = max(0, end - limit)
        return items[start:end], end < len(items)
    return items[start : start + limit], start + limit < len(items)


def envelope(data: list[Any], keys: Sequence[str], *, more: bool, next_url: str, query: Mapping[str, Any]) -> Any:
    """Write a part of a list; an empty one has no paging."""
    if not data:
        return {"data": []}
    after = _cursor(keys[-1])
    paging: dict[str, Any] = {"cursors": {"before": _cursor(keys[0]), "after": after}}
    if more:
        kept = {name: value for name, value in query.items() if name != "before"}
        paging["next"] = f"{next_url}?{urlencode(kept | {'after': after})}"
    return {"data": data, "paging": paging}


def _limit(value: Any, default: int, most: int) -> int:
    if value in (None, ""):
        return default
    text = str(value)
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise errors.bad_parameter("Param limit must be an integer greater than or equal to 1")
    return min(int(text), most)


def _cursor(key: str) -> str:
    return base64.urlsafe_b64encode(f"cursor:{key}".encode()).decode()


def _read_cursor(text: Any, keys: Sequence[str]) -> str:
    try:
        key = base64.urlsafe_b64decode(str(text)).decode().removeprefix("cursor:")
    except (binascii.Error, ValueError):
        key = ""
    if key not in keys:
        raise errors.bad_parameter("Param after must be a valid cursor")
    return key
