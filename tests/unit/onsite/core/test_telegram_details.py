"""What a Telegram message says beside its content: formatting in characters, origin, quote, album."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.model import Details, Span, Style
from onsite.core.telegram.formatting import MOST_SPANS, read_spans
from tests.samples.bot import message, translate, translate_kind


def entity(kind: str, offset: Any, length: Any, **more: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("text", "told", "spans"),
    [
        pytest.param("bold text", entity("bold", 0, 4), (Span(0, 4, Style.BOLD),), id="letters"),
        pytest.param("😀😀 bold", entity("bold", 5, 4), (Span(3, 4, Style.BOLD),), id="behind emoji, two units each"),
        pytest.param("a😀b", entity("code", 1, 2), (Span(1, 1, Style.CODE),), id="an emoji itself"),
        pytest.param("a😀b", entity("code", 2, 2), (Span(1, 2, Style.CODE),), id="from within an emoji"),
        pytest.param("👩‍👩‍👧 x", entity("italic", 9, 1), (Span(6, 1, Style.ITALIC),), id="behind a joined emoji"),
        pytest.param(
            "our shop",
            entity("text_link", 4, 4, url="https://x.test"),
            (Span(4, 4, Style.LINK, "https://x.test"),),
            id="a link that is not its text",
        ),
        pytest.param("x = 1", entity("pre", 0, 5, language="python"), (Span(0, 5, Style.PRE, "python"),), id="code"),
        pytest.param("short", entity("bold", 3, 90), (Span(3, 2, Style.BOLD),), id="longer than the text"),
        pytest.param("short", entity("bold", 9, 2), (), id="behind the text"),
        pytest.param("short", entity("bold", -1, 2), (), id="before the text"),
        pytest.param("short", entity("bold", 1, 0), (), id="without a length"),
        pytest.param("short", entity("bold", "a", None), (), id="without numbers"),
        pytest.param("#tag", entity("hashtag", 0, 4), (), id="what Telegram found by itself"),
        pytest.param("", entity("bold", 0, 1), (), id="of an empty text"),
    ],
)
def test_formatting_is_counted_in_characters(text: str, told: dict[str, Any], spans: tuple[Span, ...]) -> None:
    assert read_spans(text, [told]) == spans


@given(st.text(), st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40)), max_size=5))
def test_every_span_lies_within_its_text_and_holds_what_telegram_meant(
    text: str, ranges: list[tuple[int, int]]
) -> None:
    units = text.encode("utf-16-le", "surrogatepass")
    for offset, length in ranges:
        for span in read_spans(text, [entity("bold", offset, length)]):
            assert 0 <= span.start < span.start + span.length <= len(text)
            meant = units[offset * 2 : (offset + length) * 2].decode("utf-16-le", "ignore")
            assert meant in text[span.start : span.start + span.length]


def test_more_formatting_than_telegram_ever_sends_is_cut_off() -> None:
    assert len(read_spans("text", [entity("bold", 0, 1)] * (MOST_SPANS + 50))) == MOST_SPANS


@pytest.mark.parametrize("odd", [None, "bold", {"a": 1}, [None, 3, {}]])
def test_odd_formatting_is_none(odd: Any) -> None:
    assert read_spans("text", odd) == ()


@pytest.mark.parametrize(
    ("origin", "named"),
    [
        pytest.param(
            {"type": "user", "sender_user": {"id": 1, "first_name": "Carl", "last_name": "Dorn"}},
            "Carl Dorn",
            id="user",
        ),
        pytest.param({"type": "hidden_user", "sender_user_name": "X"}, "X", id="somebody who hides"),
        pytest.param(
            {"type": "chat", "sender_chat": {"title": "Tenants"}, "author_signature": "Eve"},
            "Tenants (Eve)",
            id="group",
        ),
        pytest.param({"type": "channel", "chat": {"title": "News"}, "message_id": 4}, "News", id="channel"),
        pytest.param({"type": "user", "sender_user": {"username": "carl"}}, "carl", id="no name but a username"),
        pytest.param({"type": "comet"}, "somebody", id="a kind that Telegram adds later"),
    ],
)
def test_who_said_it_first_is_named(origin: dict[str, Any], named: str) -> None:
    said = {"message_id": 1, "chat": {"id": 1}, "text": "t", "forward_origin": origin}

    assert message(translate_kind("message", said)).details.forwarded_from == named


@pytest.mark.parametrize(
    ("answered", "quote"),
    [
        pytest.param({"quote": {"text": "this part", "position": 3}}, "this part", id="a part of a message"),
        pytest.param({"reply_to_story": {"id": 2}}, "(a story)", id="a story"),
        pytest.param({"external_reply": {"origin": {}}}, "(a message of another chat)", id="another chat's message"),
        pytest.param({"quote": "this part"}, "", id="a quote that is none"),
    ],
)
def test_what_it_answers_is_said(answered: dict[str, Any], quote: str) -> None:
    said = {"message_id": 1, "chat": {"id": 1}, "text": "t"} | answered

    assert message(translate_kind("message", said)).details.quote == quote


def test_the_pictures_of_an_album_have_its_key() -> None:
    assert message(translate("photo_of_album")).details == Details(album_key="12543")


def test_a_captions_formatting_is_read() -> None:
    said = {
        "message_id": 1,
        "chat": {"id": 1},
        "caption": "look",
        "caption_entities": [entity("bold", 0, 4)],
        "photo": [{"file_id": "f"}],
    }

    assert message(translate_kind("message", said)).details.spans == (Span(0, 4, Style.BOLD),)
