"""How texts are read: tags, entities, and what is recognised by itself."""

from typing import Any

import pytest

from tests.simulators.telegram.errors import BotApiError
from tests.simulators.telegram.markup import plain, read_html, with_entities, with_parse_mode


def entity(kind: str, offset: int, length: int, **more: str) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        pytest.param("a &lt;b&gt; &amp;", "a <b> &", [], id="escapes"),
        pytest.param("<b>x</b>", "x", [entity("bold", 0, 1)], id="bold"),
        pytest.param("👋<i>👋</i>", "👋👋", [entity("italic", 2, 2)], id="UTF-16 offsets"),
        pytest.param("<b>a<i>b</i></b>", "ab", [entity("bold", 0, 2), entity("italic", 1, 1)], id="nested"),
        pytest.param(
            '<a href="https://x.test?a=1&amp;b=2">x</a>',
            "x",
            [entity("text_link", 0, 1, url="https://x.test?a=1&b=2")],
            id="link",
        ),
        pytest.param("<b></b>x", "x", [], id="an empty entity is none"),
        pytest.param('<span class="tg-spoiler">x</span>', "x", [entity("spoiler", 0, 1)], id="spoiler"),
    ],
)
def test_html_becomes_text_and_entities(source: str, text: str, entities: list[dict[str, Any]]) -> None:
    formatted = read_html(source)

    assert (formatted.text, formatted.entities) == (text, entities)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param("ä<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 2', id="unknown tag"),
        pytest.param("x</b>", "Unexpected end tag at byte offset 1", id="end without start"),
        pytest.param(
            "<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"', id="the wrong end"
        ),
        pytest.param("<b>x", 'Can\'t find end tag corresponding to start tag "b"', id="no end"),
        pytest.param("1 < 2", "Unclosed start tag at byte offset 2", id="a bare bracket"),
    ],
)
def test_broken_html_is_refused_with_its_byte_offset(source: str, reason: str) -> None:
    with pytest.raises(BotApiError) as caught:
        read_html(source)

    assert caught.value.description == f"Bad Request: can't parse entities: {reason}"


def test_links_commands_mentions_and_hashtags_are_recognised() -> None:
    assert plain("/start@acme_bot 👋 @ada #vip https://x.test").entities == [
        entity("bot_command", 0, 15),
        entity("mention", 19, 4),
        entity("hashtag", 24, 4),
        entity("url", 29, 14),
    ]


def test_an_address_with_slashes_holds_no_command() -> None:
    assert plain("and/or a/b").entities == []


def test_explicit_entities_are_taken_as_they_are() -> None:
    assert with_entities("ab", [entity("bold", 0, 1)]).entities == [entity("bold", 0, 1)]


def test_an_item_that_is_no_entity_is_refused() -> None:
    with pytest.raises(BotApiError, match="can't parse MessageEntity"):
        with_entities("ab", [{"type": "bold"}])


def test_a_parse_mode_that_is_not_simulated_is_owned_up_to() -> None:
    with pytest.raises(BotApiError, match="simulator reads parse mode HTML, not MarkdownV2"):
        with_parse_mode("*x*", "MarkdownV2")
