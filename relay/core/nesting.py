"""How deep an item may be nested, and cutting out of a body what is deeper. Pure: bytes in, bytes out.

JSON decoders, ours and the sites', give up some way below a thousand levels, depending on what else is on the stack,
and then refuse the whole text. So what is deeper than any honest item is cut out before: it costs itself alone.
The rule: nearly all bodies are told to be shallow by their length or by two counts; only the others are scanned.
"""

import re
from typing import NamedTuple

MAX_ITEM_DEPTH = 300
"""Levels of arrays and objects in one item. Meta's have below ten; decoders refuse from about 900 on."""

_ITEM_LEVEL = 5
"""Where an item opens: in the body, its entries, an entry, and an array of that."""
_TOKEN = re.compile(rb'"(?:[^"\\]+|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
"""A whole text, or one bracket outside of texts; a text without end goes to the end, and a decoder refuses it then."""


class Shallow(NamedTuple):
    """A body without what was too deep."""

    body: bytes
    mark: bytes
    """The JSON text that stands where something was cut out; it occurs nowhere else in the body."""
    cut: list[bytes]
    """What was cut out, in its order."""


def may_be_deep(text: bytes) -> bool:
    """Whether a text can hold an item that is too deep; False is certain, and cheap."""
    return len(text) > 2 * MAX_ITEM_DEPTH and text.count(b"{") + text.count(b"[") > MAX_ITEM_DEPTH


def cut_deep(body: bytes) -> Shallow:
    """Put a mark in the place of each value at an item's level that is nested deeper than MAX_ITEM_DEPTH."""
    mark = b'"cut out"'
    while mark in body:
        mark = mark[:-1] + b'!"'
    kept, cut, end_of_last = [], [], 0
    for start, end in _deep_spans(body):
        kept.append(body[end_of_last:start])
        cut.append(body[start:end])
        end_of_last = end
    return Shallow(mark.join([*kept, body[end_of_last:]]), mark, cut)


def _deep_spans(body: bytes) -> list[tuple[int, int]]:
    spans, depth, start, deepest = [], 0, 0, 0
    for token in _TOKEN.finditer(body):
        match body[token.start()]:
            case 0x5B | 0x7B:  # [ {
                depth += 1
                if depth == _ITEM_LEVEL:
                    start, deepest = token.start(), depth
                deepest = max(deepest, depth)
            case 0x5D | 0x7D:  # ] }
                if depth == _ITEM_LEVEL and deepest - _ITEM_LEVEL >= MAX_ITEM_DEPTH:
                    spans.append((start, token.end()))
                depth -= 1
            case _:
                pass
    return spans
