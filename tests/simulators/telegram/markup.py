"""Texts as the Bot API reads them: HTML, explicit entities, and what is recognised by itself. Pure.

Offsets and lengths of entities are UTF-16 code units; the byte offsets in error texts are UTF-8.
Only parse mode HTML is simulated; MarkdownV2 and Markdown are refused with 501, which no real server answers.
https://core.telegram.org/bots/api#formatting-options
"""

import html
import re
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.telegram.errors import BotApiError, bad_request
from tests.simulators.text_length import utf16_length

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
}
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[^\s<>/]*)(?P<rest>[^<>]*)>")
_HREF = re.compile(r"""href\s*=\s*["']?(?P<url>[^"'>\s]*)""")
_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"]+)|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?)"
    r"|(?<!\w)(?P<mention>@[A-Za-z]\w{2,31})|(?<!\w)(?P<hashtag>\#\w+)"
)


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text and what is special in it."""

    text: str = field(repr=False)
    entities: list[dict[str, Any]]

    def content(self) -> dict[str, Any]:
        """Write it as part of a message."""
        return {"text": self.text} | ({"entities": self.entities} if self.entities else {})


@dataclass(slots=True)
class _Open:
    """A tag that has not ended yet."""

    name: str
    start: int
    url: str


def plain(text: str) -> Formatted:
    """Recognise links, commands, mentions and hashtags, as Telegram does in every text."""
    return Formatted(text, [_entity(text, match) for match in _FOUND.finditer(text)])


def with_parse_mode(text: str, parse_mode: str) -> Formatted:
    """Read a text in a parse mode. Raises BotApiError 400 for a mode that does not exist or markup that is broken."""
    mode = parse_mode.lower()
    if mode in {"", "none"}:
        return plain(text)
    if mode == "html":
        return read_html(text)
    if mode in {"markdown", "markdownv2"}:
        raise BotApiError(501, f"Not Implemented: the simulator reads parse mode HTML, not {parse_mode}")
    raise bad_request("unsupported parse_mode")


def with_entities(text: str, entities: Any) -> Formatted:
    """Take a list of entities as it is. Raises BotApiError 400 where an item is none."""
    for entity in entities:
        if not isinstance(entity, dict) or not {"type", "offset", "length"} <= set(entity):
            raise bad_request("can't parse MessageEntity: expected an Object with type, offset and length")
    return Formatted(text, list(entities))


def read_html(source: str) -> Formatted:
    """Read a text with tags. Raises BotApiError 400 with the byte offset of what is broken."""
    text, position = "", 0
    open_tags: list[_Open] = []
    entities: list[dict[str, Any]] = []
    while (bracket := source.find("<", position)) >= 0:
        text += html.unescape(source[position:bracket])
        tag = _TAG.match(source, bracket)
        offset = len(source[:bracket].encode())
        if tag is None:
            raise _broken(f"Unclosed start tag at byte offset {offset}")
        if tag["end"]:
            entities += _close(tag["name"], open_tags, text, offset)
        else:
            open_tags.append(_open(tag, text, offset))
        position = tag.end()
    text += html.unescape(source[position:])
    if open_tags:
        raise _broken(f'Can\'t find end tag corresponding to start tag "{open_tags[-1].name}"')
    return Formatted(text, sorted(entities, key=lambda entity: (entity["offset"], -entity["length"])))


def _open(tag: re.Match[str], text: str, offset: int) -> _Open:
    name = tag["name"].lower()
    if name not in TAGS or (name == "span" and "tg-spoiler" not in tag["rest"]):
        raise _broken(f'Unsupported start tag "{name}" at byte offset {offset}')
    href = _HREF.search(tag["rest"])
    return _Open(name, utf16_length(text), html.unescape(href["url"]) if href else "")


def _close(name: str, open_tags: list[_Open], text: str, offset: int) -> list[dict[str, Any]]:
    if not open_tags:
        raise _broken(f"Unexpected end tag at byte offset {offset}")
    tag = open_tags.pop()
    if name and name.lower() != tag.name:
        raise _broken(f'Unmatched end tag at byte offset {offset}, expected "</{tag.name}>", found "</{name}>"')
    length = utf16_length(text) - tag.start
    if not length or (tag.name == "a" and not tag.url):
        return []
    entity = {"type": TAGS[tag.name], "offset": tag.start, "length": length}
    return [entity | ({"url": tag.url} if tag.name == "a" else {})]


def _entity(text: str, match: re.Match[str]) -> dict[str, Any]:
    return {
        "type": match.lastgroup,
        "offset": utf16_length(text[: match.start()]),
        "length": utf16_length(match.group()),
    }


def _broken(reason: str) -> BotApiError:
    return bad_request(f"can't parse entities: {reason}")
