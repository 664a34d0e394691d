"""Items of Meta's webhooks: what goes to quarantine, and which events count as the same."""

import json
from typing import Any

import pytest

from onsite.core.errors import TranslationError
from onsite.core.facebook.translate import translate_item
from onsite.core.model import (
    Translation,
)
from tests.samples.messenger import (
    RECEIVED_AT_MS,
    translate,
    translate_event,
)
from tests.samples.reading import FACEBOOK_PAGE as PAGE


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b'{"message":NaN}', id="no JSON"),
        pytest.param(b'{"message":' + b"[" * 100_000, id="endless nesting"),
        pytest.param(b'{"message":"hi"}', id="a message that is a text"),
        pytest.param(b'{"read":[1]}', id="a receipt that is a list"),
        pytest.param(b'{"recipient":{"id":"1122"},"message":{"mid":"m","text":"secret"}}', id="a message of nobody"),
        pytest.param(b'{"recipient":{"id":"1122"},"postback":{"title":"secret"}}', id="a button pressed by nobody"),
    ],
)
def test_what_cannot_be_read_or_placed_goes_to_quarantine(payload: bytes) -> None:
    with pytest.raises(TranslationError) as caught:
        translate_item("messaging", PAGE, payload, received_at_ms=RECEIVED_AT_MS)

    assert str(caught.value)
    assert "secret" not in str(caught.value)


def test_any_depth_of_nesting_is_either_translated_or_goes_to_quarantine() -> None:
    """The depths that the decoder and the encoder stand differ: what one of them takes, the other may not."""
    outcomes: set[type] = set()
    for depth in range(800, 1100):
        payload = b'{"sender":{"id":"1"},"x":' + b"[" * depth + b"]" * depth + b"}"
        try:
            outcomes.add(type(translate_item("messaging", PAGE, payload, received_at_ms=RECEIVED_AT_MS)))
        except TranslationError as error:
            outcomes.add(type(error))

    assert outcomes == {Translation, TranslationError}


def test_standby_and_messaging_copies_of_an_event_have_the_same_key() -> None:
    assert translate("standby/text") == translate("messaging/text")
    assert translate("standby/postback").key == translate("messaging/postback_without_mid").key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"message": {"mid": "a"}}, {"message": {"mid": "b"}}, id="messages of two ids"),
        pytest.param(
            {"message": {"mid": "a"}}, {"message": {"mid": "a", "is_echo": True}}, id="a message and its echo"
        ),
        pytest.param(
            {"message": {"mid": "a"}}, {"message": {"mid": "a", "is_deleted": True}}, id="a message and its deletion"
        ),
        pytest.param({"message": {"text": "a"}}, {"message": {"text": "b"}}, id="messages without ids"),
        pytest.param(
            {"message": {"text": "a"}}, {"message": {"text": "a"}, "timestamp": 1}, id="the same words at another time"
        ),
        pytest.param({"postback": {"title": "a"}}, {"postback": {"title": "b"}}, id="two buttons"),
        pytest.param(
            {"postback": {"title": "a"}}, {"postback": {"title": "a"}, "timestamp": 1}, id="a button pressed again"
        ),
        pytest.param(
            {"postback": {"payload": "a"}, "timestamp": None},
            {"postback": {"payload": "b"}, "timestamp": None},
            id="buttons that nothing but the payload tells apart",
        ),
        pytest.param(
            {"reaction": {"mid": "a", "action": "react"}},
            {"reaction": {"mid": "b", "action": "react"}},
            id="reactions to two messages",
        ),
        pytest.param(
            {"reaction": {"mid": "a", "action": "react"}},
            {"reaction": {"mid": "a", "action": "unreact"}},
            id="a reaction and its removal",
        ),
        pytest.param(
            {"reaction": {"mid": "a"}}, {"reaction": {"mid": "a"}, "sender": {"id": "9"}}, id="reactions of two people"
        ),
        pytest.param(
            {"message_edit": {"mid": "a", "num_edit": 1}},
            {"message_edit": {"mid": "a", "num_edit": 2}},
            id="two edits of a message",
        ),
        pytest.param({"read": {"watermark": 1}}, {"read": {"watermark": 2}}, id="reads until two moments"),
        pytest.param({"read": {"watermark": 1}}, {"delivery": {"watermark": 1}}, id="a read and a delivery"),
        pytest.param(
            {"delivery": {"watermark": 1, "mids": ["a"]}},
            {"delivery": {"watermark": 1, "mids": ["b"]}},
            id="deliveries of two messages until one moment",
        ),
        pytest.param({"new_kind": "a"}, {"new_kind": "b"}, id="a new kind that is no object"),
    ],
)
def test_different_events_have_different_keys(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert translate_event(**one).key != translate_event(**other).key


def test_changes_are_told_apart_by_their_content() -> None:
    def key(value: object) -> str:
        item = json.dumps({"field": "feed", "value": value}).encode()
        return translate_item("changes", PAGE, item, received_at_ms=RECEIVED_AT_MS).key

    assert key({"a": 1, "b": 2}) == key({"b": 2, "a": 1})
    assert key({"a": 1}) != key({"a": 2})
