"""What we ask of Telegram."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from onsite.core.errors import TelegramError, TelegramTrouble
from onsite.core.telegram.api import (
    ALLOWED_UPDATES,
    get_updates_body,
    is_token,
    method_url,
    send_message_body,
)

TOKEN = SecretStr("700000001:AAabcdefghijklmnopqrstuvwxyz-_01234")


def test_a_method_stands_behind_the_token() -> None:
    url = method_url("http://127.0.0.1:9/", TOKEN, "getMe")

    assert url == "http://127.0.0.1:9/bot700000001:AAabcdefghijklmnopqrstuvwxyz-_01234/getMe"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("700000001", id="no colon"),
        pytest.param("0700000001:AAa", id="a leading zero"),
        pytest.param("bot700000001:AAa", id="the path's prefix copied along"),
        pytest.param("700000001:AA/../x", id="a path"),
        pytest.param("700000001:AA?x=", id="a query"),
        pytest.param("700000001:AAa\n", id="a line break"),
        pytest.param("700000001:" + "A" * 71, id="81 characters"),
    ],
)
def test_what_cannot_be_a_token_never_becomes_part_of_an_address(text: str) -> None:
    assert not is_token(SecretStr(text))
    with pytest.raises(TelegramError) as caught:
        method_url("http://127.0.0.1:9", SecretStr(text), "getMe")

    assert caught.value.trouble is TelegramTrouble.TOKEN
    assert "700000001" not in str(caught.value)


def test_a_poll_names_every_kind_of_update_that_it_wants() -> None:
    body = json.loads(get_updates_body(offset=17, timeout_s=50, limit=100))

    assert body == {"offset": 17, "timeout": 50, "limit": 100, "allowed_updates": list(ALLOWED_UPDATES)}
    assert {"message", "edited_message", "callback_query", "message_reaction"} <= set(ALLOWED_UPDATES)


def test_a_first_poll_confirms_nothing() -> None:
    assert "offset" not in json.loads(get_updates_body(offset=None, timeout_s=0, limit=1))


@pytest.mark.parametrize(
    ("chat_id", "reply_to", "expected"),
    [
        pytest.param("5001", "", {"chat_id": "5001"}, id="a private chat"),
        pytest.param("-1001234567890", "", {"chat_id": "-1001234567890"}, id="a group"),
        pytest.param("5001@bc1", "", {"chat_id": "5001", "business_connection_id": "bc1"}, id="a business connection"),
        pytest.param(
            "5001",
            "10",
            {"chat_id": "5001", "reply_parameters": {"message_id": 10, "allow_sending_without_reply": True}},
            id="a reply, which goes out even when its target is gone",
        ),
        pytest.param("5001", "c:4382", {"chat_id": "5001"}, id="a reply to what is no message of Telegram's"),
    ],
)
def test_a_text_is_sent_as_it_is(chat_id: str, reply_to: str, expected: dict[str, object]) -> None:
    body = json.loads(send_message_body(chat_id=chat_id, text="<b>Grüße 😀", reply_to=reply_to))

    assert body == expected | {"text": "<b>Grüße 😀"}


@given(st.text(st.characters(), max_size=50))
def test_any_text_makes_a_body(text: str) -> None:
    assert json.loads(send_message_body(chat_id="1", text=text))["text"] == text
