"""Formatting of a Telegram text. Telegram counts in UTF-16 units, in which an emoji is two; we count in characters.

What Telegram finds in a text by itself (a hashtag, a telephone number) is no formatting. A link is, where it leads
elsewhere than the text says: an operator must see where.
Source: https://core.telegram.org/bots/api#messageentity
"""

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import Any

from onsite.core.model import Span, Style
from shared.lenient import JsonObject, as_int, as_list, as_object, as_text

MOST_SPANS = 200
"""Telegram itself sends no more than 100."""

_STYLES = {
    "bold": Style.BOLD,
    "italic": Style.ITALIC,
    "underline": Style.UNDERLINE,
    "strikethrough": Style.STRIKETHROUGH,
    "spoiler": Style.SPOILER,
    "blockquote": Style.QUOTE,
    "expandable_blockquote": Style.QUOTE,
    "code": Style.CODE,
    "pre": Style.PRE,
    "text_link": Style.LINK,
    "text_mention": Style.MENTION,
}
_BEYOND_ONE_UNIT = "\uffff"


def read_spans(text: str, entities: Any) -> tuple[Span, ...]:
    """Read `entities` or `caption_entities`; what lies outside of the text or has no length is left out."""
    told = [as_object(each) for each in as_list(entities)[:MOST_SPANS]]
    known = [each for each in told if as_text(each.get("type")) in _STYLES]
    if not known:
        return ()
    # Where each character begins, in units; and where the last one ends.
    begins = [0, *accumulate(2 if char > _BEYOND_ONE_UNIT else 1 for char in text)]
    spans = (_span(each, begins) for each in known)
    return tuple(span for span in spans if span is not None)


def _span(entity: JsonObject, begins: list[int]) -> Span | None:
    offset, length = as_int(entity.get("offset")), as_int(entity.get("length"))
    if offset is None or length is None or offset < 0 or length <= 0:
        return None
    start = bisect_right(begins, offset) - 1
    end = min(bisect_left(begins, offset + length), len(begins) - 1)
    if end <= start:
        return None
    return Span(start, end - start, _STYLES[as_text(entity.get("type"))], _target(entity))


def _target(entity: JsonObject) -> str:
    return as_text(entity.get("url")) or as_text(entity.get("language"))
