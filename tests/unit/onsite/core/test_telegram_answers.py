"""What Telegram answers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.errors import TelegramError, TelegramTrouble
from onsite.core.telegram.answers import DEFAULT_PAUSE_S, decode_answer, decode_updates, migrated_to
from onsite.core.telegram.identity import BotIdentity, decode_identity, decode_webhook_url

T = TelegramTrouble


def refusal(code: int | None, description: str = "", **parameters: Any) -> bytes:
    answer: dict[str, Any] = {"ok": False, "description": description, "parameters": parameters}
    return json.dumps(answer if code is None else answer | {"error_code": code}).encode()


def error_of(status: int, body: bytes) -> TelegramError:
    with pytest.raises(TelegramError) as caught:
        decode_answer(status, body)
    return caught.value


def test_a_result_stays_as_telegram_wrote_it() -> None:
    assert decode_answer(200, b'{"ok":true, "result":{ "b" : 1, "a":2}}') == b'{ "b" : 1, "a":2}'


def test_the_updates_of_a_poll_stay_as_telegram_wrote_them() -> None:
    result = decode_answer(200, b'{"ok":true,"result":[ {"update_id":1, "x":"\\u00e4"},{"update_id" :2}]}')

    assert decode_updates(result) == [b'{"update_id":1, "x":"\\u00e4"}', b'{"update_id" :2}']


def test_half_an_emoji_in_one_update_does_not_cost_the_others() -> None:
    result = decode_answer(200, rb'{"ok":true,"result":[{"update_id":1,"x":"\ud83d!"},{"update_id":2}]}')

    assert [json.loads(update) for update in decode_updates(result)] == [
        {"update_id": 1, "x": "\ud83d!"},
        {"update_id": 2},
    ]


@pytest.mark.parametrize("result", [b"{}", b"true", b"[", b"null", b'"x"', b"[" * 100_000])
def test_what_is_no_list_of_updates_is_unclear(result: bytes) -> None:
    with pytest.raises(TelegramError) as caught:
        decode_updates(result)

    assert caught.value.trouble is T.UNCLEAR


@pytest.mark.parametrize(
    ("code", "description", "trouble"),
    [
        pytest.param(401, "Unauthorized", T.TOKEN, id="token revoked or unknown"),
        pytest.param(401, "Unauthorized: invalid token specified", T.TOKEN, id="token malformed, at an own server"),
        pytest.param(404, "Not Found", T.TOKEN, id="token malformed, in the cloud"),
        pytest.param(404, "Not Found: method not found", T.REFUSED, id="no such method"),
        pytest.param(421, "Misdirected Request: unallowed token specified", T.TOKEN, id="token of another server"),
        pytest.param(400, "Logged out", T.TOKEN, id="logged out"),
        pytest.param(400, "Bad Request: the bot has already been closed", T.TOKEN, id="closed"),
        pytest.param(403, "Forbidden: bot was blocked by the user", T.REFUSED, id="blocked"),
        pytest.param(400, "Bad Request: chat not found", T.REFUSED, id="no such chat"),
        pytest.param(400, "Bad Request: PEER_ID_INVALID", T.REFUSED, id="a name of the inner protocol"),
        pytest.param(413, "Request Entity Too Large", T.REFUSED, id="too large"),
        pytest.param(
            409,
            "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            T.CONFLICT,
            id="a second poller",
        ),
        pytest.param(
            409,
            "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete it first",
            T.CONFLICT,
            id="a webhook",
        ),
        pytest.param(500, "Internal Server Error: restart", T.UNCLEAR, id="the server restarts"),
        pytest.param(
            500,
            "Internal Server Error: sent message was immediately deleted and can't be returned",
            T.UNCLEAR,
            id="sent and gone at once",
        ),
        pytest.param(111, "Unknown description that won't match anything", T.UNCLEAR, id="a code of no kind"),
        pytest.param(None, "FORBIDDEN: bot was blocked by the user", T.REFUSED, id="no code, other letters"),
        pytest.param(None, "Unauthorized", T.TOKEN, id="no code, but words"),
    ],
)
def test_an_error_says_what_to_do(code: int | None, description: str, trouble: TelegramTrouble) -> None:
    error = error_of(200 if code is None else code, refusal(code, description))

    assert (error.trouble, error.description) == (trouble, description)


def test_the_status_counts_where_the_body_has_no_code() -> None:
    assert error_of(401, refusal(None)).trouble is T.TOKEN


@pytest.mark.parametrize(
    ("body", "pause_s"),
    [
        pytest.param(refusal(429, "Too Many Requests: retry after 14", retry_after=14), 14.0, id="told"),
        pytest.param(refusal(429, "Too Many Requests"), DEFAULT_PAUSE_S, id="not told"),
        pytest.param(refusal(429, retry_after=0), 1.0, id="told as nothing"),
        pytest.param(refusal(None, retry_after=14), 14.0, id="told without a code"),
    ],
)
def test_a_throttle_says_how_long_to_pause(body: bytes, pause_s: float) -> None:
    error = error_of(429, body)

    assert (error.trouble, error.retry_after_s) == (T.THROTTLED, pause_s)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(502, b"<html>Bad Gateway</html>", id="a page of the front-end"),
        pytest.param(200, b"", id="nothing"),
        pytest.param(302, b"", id="a redirect"),
        pytest.param(200, b'{"ok":true}', id="a success of nothing"),
        pytest.param(200, b'{"ok":"yes","result":1}', id="a success that is none"),
        pytest.param(500, b'{"ok":true,"result":1}', id="a success with an error's status"),
        pytest.param(500, b'{"ok":true,"result":"\\ud83d!"}', id="the same, which only one decoder reads"),
        pytest.param(200, b'{"result":1}', id="a result without ok"),
        pytest.param(200, b"[true]", id="a list"),
        pytest.param(200, b"[" * 100_000, id="endless nesting"),
    ],
)
def test_an_answer_that_is_not_telegrams_is_unclear(status: int, body: bytes) -> None:
    error = error_of(status, body)

    assert error.trouble is T.UNCLEAR
    assert str(status) in str(error)


@given(st.integers(100, 599), st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_any_answer_is_a_result_or_an_error(status: int, body: bytes) -> None:
    try:
        result = decode_answer(status, body)
    except TelegramError:
        return
    assert isinstance(result, bytes)


@pytest.mark.parametrize("odd", [None, [], {}, "", "x", True, 1.5, 10**30])
def test_odd_fields_do_not_break_an_error(odd: object) -> None:
    body = json.dumps({"ok": False, "error_code": odd, "description": odd, "parameters": {"retry_after": odd}}).encode()

    assert isinstance(error_of(400, body).trouble, TelegramTrouble)


def test_a_description_holds_neither_a_token_nor_a_piece_of_the_message() -> None:
    token = "700000001:AAabcdefghijklmnopqrstuvwxyz-_01234"

    assert token not in str(error_of(400, refusal(400, f"Bad Request: wrong /bot{token}/getMe")))
    parsed = refusal(400, 'Bad Request: can\'t parse entities: unsupported start tag "secret" at byte offset 3')
    assert str(error_of(400, parsed)) == "Bad Request: can't parse entities"


@pytest.mark.parametrize(
    ("status", "body", "target"),
    [
        pytest.param(
            400,
            refusal(
                400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1001234567890
            ),
            -1001234567890,
            id="a group became a supergroup",
        ),
        pytest.param(400, refusal(400, "Bad Request: chat not found"), None, id="another refusal"),
        pytest.param(200, b'{"ok":true,"result":true}', None, id="a success"),
        pytest.param(502, b"", None, id="no answer of Telegram's"),
    ],
)
def test_a_group_that_moved_tells_its_new_id(status: int, body: bytes, target: int | None) -> None:
    assert migrated_to(status, body) == target


def test_a_bot_tells_who_it_is() -> None:
    result = b'{"id":700000001,"is_bot":true,"first_name":"Desk","username":"desk_bot"}'

    assert decode_identity(result) == BotIdentity(700000001, "desk_bot", "Desk")


@pytest.mark.parametrize("result", [b"true", b"{}", b'{"id":"x"}', b"["])
def test_an_identity_without_an_id_is_unclear(result: bytes) -> None:
    with pytest.raises(TelegramError) as caught:
        decode_identity(result)

    assert caught.value.trouble is T.UNCLEAR


@pytest.mark.parametrize(("result", "url"), [(b'{"url":"https://x.test"}', "https://x.test"), (b'{"url":""}', "")])
def test_a_webhook_is_told_by_its_address(result: bytes, url: str) -> None:
    assert decode_webhook_url(result) == url


def test_errors_are_told_apart_and_can_be_collected() -> None:
    one, other = (TelegramError(T.REFUSED, "x") for _ in range(2))

    assert len({one, other}) == 2
