"""What an answer to `sendMessage` means for the message."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.errors import TelegramError, TelegramTrouble
from onsite.core.sending import Lost, Postponed, Refused, Sent
from onsite.core.telegram.outcomes import RETRY_PAUSE_S, decode_send_answer, outcome_of


def refusal(code: int, description: str, **parameters: int) -> bytes:
    answer = {"ok": False, "error_code": code, "description": description, "parameters": parameters}
    return json.dumps(answer).encode()


def test_a_message_says_that_it_was_sent() -> None:
    assert decode_send_answer(200, b'{"ok":true,"result":{"message_id":17,"date":1}}') == Sent("17")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(200, b'{"ok":true,"result":true}', id="a result that is no message"),
        pytest.param(200, b'{"ok":true,"result":{}}', id="a message without an id"),
        pytest.param(200, b"", id="nothing"),
        pytest.param(502, b"<html>", id="a page of the front-end"),
        pytest.param(500, refusal(500, "Internal Server Error: restart"), id="the server restarts"),
        pytest.param(
            500,
            refusal(500, "Internal Server Error: sent message was immediately deleted and can't be returned"),
            id="sent and gone at once",
        ),
    ],
)
def test_an_answer_that_does_not_tell_leaves_the_outcome_unknown(status: int, body: bytes) -> None:
    assert isinstance(decode_send_answer(status, body), Lost)


@pytest.mark.parametrize(
    ("description", "code"),
    [
        ("Forbidden: bot was blocked by the user", "blocked"),
        ("FORBIDDEN: BOT WAS BLOCKED BY THE USER", "blocked"),
        ("Forbidden: user is deactivated", "person_unavailable"),
        ("Forbidden: bot can't initiate conversation with a user", "person_unavailable"),
        ("Forbidden: bot can't send messages to bots", "person_unavailable"),
        ("Forbidden: bot was kicked from the supergroup chat", "not_a_member"),
        ("Forbidden: bot is not a member of the channel chat", "not_a_member"),
        ("Forbidden: the group chat was deleted", "chat_gone"),
        ("Bad Request: chat not found", "chat_not_found"),
        ("Bad Request: private chat not found", "chat_not_found"),
        ("Bad Request: chat_id is empty", "chat_not_found"),
        ("Bad Request: PEER_ID_INVALID", "chat_not_found"),
        ("Bad Request: group chat was upgraded to a supergroup chat", "chat_moved"),
        ("Bad Request: message thread not found", "topic_closed"),
        ("Bad Request: TOPIC_CLOSED", "topic_closed"),
        ("Bad Request: message to be replied not found", "reply_target_gone"),
        ("Bad Request: message is too long", "text_too_long"),
        ("Bad Request: Text is too long", "text_too_long"),
        ("Bad Request: message text is empty", "text_empty"),
        ("Bad Request: not enough rights to send text messages to the chat", "no_rights"),
        ("Bad Request: BUSINESS_CONNECTION_INVALID", "connection_gone"),
        ("Bad Request: something new", "refused"),
    ],
)
def test_a_refusal_is_said_in_an_operators_words(description: str, code: str) -> None:
    outcome = decode_send_answer(400, refusal(400, description))

    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.channel_broken) == (code, False)
    assert outcome.sentence.endswith(".")
    assert code == "refused" or description not in outcome.sentence


def test_a_dead_token_breaks_the_channel() -> None:
    outcome = decode_send_answer(401, refusal(401, "Unauthorized"))

    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.channel_broken) == ("token_invalid", True)


def test_a_throttle_postpones_by_what_telegram_says() -> None:
    outcome = decode_send_answer(429, refusal(429, "Too Many Requests: retry after 14", retry_after=14))

    assert isinstance(outcome, Postponed)
    assert outcome.retry_after_s == 14


@pytest.mark.parametrize("trouble", [TelegramTrouble.UNREACHABLE, TelegramTrouble.CONFLICT])
def test_what_certainly_did_not_happen_is_postponed(trouble: TelegramTrouble) -> None:
    outcome = outcome_of(TelegramError(trouble, "x"))

    assert isinstance(outcome, Postponed)
    assert outcome.retry_after_s == RETRY_PAUSE_S


@pytest.mark.parametrize("trouble", list(TelegramTrouble))
def test_every_trouble_has_an_outcome_with_a_sentence(trouble: TelegramTrouble) -> None:
    assert outcome_of(TelegramError(trouble, "x", retry_after_s=3)).sentence.endswith(".")


@given(st.integers(100, 599), st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_any_answer_means_something(status: int, body: bytes) -> None:
    assert isinstance(decode_send_answer(status, body), Sent | Refused | Lost | Postponed)
