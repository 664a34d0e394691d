"""Telegram's Bot API, against a small server that stands for Telegram's."""

import json
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from onsite.adapters.telegram_client import TelegramClient
from onsite.core.errors import TelegramError, TelegramTrouble
from onsite.core.sending import Lost, Postponed, Refused, Sent
from onsite.core.telegram.api import ALLOWED_UPDATES
from onsite.core.telegram.identity import BotIdentity
from shared.exchange import new_platform_session

TOKEN = SecretStr("700000001:AAabcdefghijklmnopqrstuvwxyz-_01234")
PEERS = ("aiohttp.access", "aiohttp.server")
"""Logs of the server that stands for Telegram's."""


class FakeTelegram:
    """Answers calls one after the other as told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.calls: list[tuple[str, Any]] = []
        self.hang_up = False

    async def handle(self, request: web.Request) -> web.Response:
        assert request.match_info["token"] == TOKEN.get_secret_value()
        self.calls.append((request.match_info["method"], json.loads(await request.read())))
        if self.hang_up:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        status, answer = self.answers.pop(0)
        return web.Response(status=status, body=answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def will_return(self, result: Any) -> None:
        self.answers.append((200, {"ok": True, "result": result}))

    def will_refuse(self, code: int, description: str, **parameters: int) -> None:
        error = {"ok": False, "error_code": code, "description": description, "parameters": parameters}
        self.answers.append((code, error))


@pytest.fixture
def telegram() -> FakeTelegram:
    return FakeTelegram()


@pytest.fixture
async def client(telegram: FakeTelegram) -> AsyncIterator[TelegramClient]:
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", telegram.handle)
    async with TestServer(app) as server, new_platform_session() as session:
        yield TelegramClient(session, base_url=str(server.make_url("/")))


@pytest.fixture
async def unreachable() -> AsyncIterator[TelegramClient]:
    async with TestServer(web.Application()) as server:
        gone = str(server.make_url("/"))
    async with new_platform_session() as session:
        yield TelegramClient(session, base_url=gone)


async def test_a_poll_returns_updates_as_telegram_wrote_them(telegram: FakeTelegram, client: TelegramClient) -> None:
    telegram.answers.append((200, b'{"ok":true,"result":[{"update_id":1, "x":"\\u00e4"},{"update_id" :2}]}'))

    updates = await client.get_updates(TOKEN, offset=17, timeout_s=50)

    assert updates == [b'{"update_id":1, "x":"\\u00e4"}', b'{"update_id" :2}']
    assert telegram.calls == [
        ("getUpdates", {"offset": 17, "timeout": 50, "limit": 100, "allowed_updates": list(ALLOWED_UPDATES)})
    ]


async def test_a_first_poll_confirms_nothing(telegram: FakeTelegram, client: TelegramClient) -> None:
    telegram.will_return([])

    assert await client.get_updates(TOKEN, offset=None, timeout_s=0, limit=1) == []
    assert "offset" not in telegram.calls[0][1]


async def test_a_bot_tells_who_it_is(telegram: FakeTelegram, client: TelegramClient) -> None:
    telegram.will_return({"id": 700000001, "is_bot": True, "first_name": "Desk", "username": "desk_bot"})

    assert await client.get_me(TOKEN) == BotIdentity(700000001, "desk_bot", "Desk")
    assert telegram.calls == [("getMe", {})]


async def test_a_webhook_is_found_and_removed(telegram: FakeTelegram, client: TelegramClient) -> None:
    telegram.will_return({"url": "https://x.test", "pending_update_count": 3})
    telegram.will_return(True)

    assert await client.get_webhook_url(TOKEN) == "https://x.test"
    await client.delete_webhook(TOKEN)

    assert [method for method, _ in telegram.calls] == ["getWebhookInfo", "deleteWebhook"]


Call = Callable[[TelegramClient], Awaitable[object]]
CALLS = [
    pytest.param(lambda client: client.get_updates(TOKEN, offset=1, timeout_s=0), id="getUpdates"),
    pytest.param(lambda client: client.get_me(TOKEN), id="getMe"),
    pytest.param(lambda client: client.get_webhook_url(TOKEN), id="getWebhookInfo"),
    pytest.param(lambda client: client.delete_webhook(TOKEN), id="deleteWebhook"),
]


async def error_of(awaitable: Awaitable[object]) -> TelegramError:
    with pytest.raises(TelegramError) as caught:
        await awaitable
    told = "".join(traceback.format_exception(caught.value, chain=True))
    assert TOKEN.get_secret_value() not in told + repr(caught.value.__context__)
    return caught.value


@pytest.mark.parametrize("call", CALLS)
async def test_every_call_says_that_the_token_is_dead(
    telegram: FakeTelegram, client: TelegramClient, call: Call
) -> None:
    telegram.will_refuse(401, "Unauthorized")

    assert (await error_of(call(client))).trouble is TelegramTrouble.TOKEN


@pytest.mark.parametrize("call", CALLS)
async def test_every_call_says_that_nobody_was_reached(unreachable: TelegramClient, call: Call) -> None:
    error = await error_of(call(unreachable))

    assert error.trouble is TelegramTrouble.UNREACHABLE
    assert "takes no connection" in str(error)


@pytest.mark.parametrize("call", CALLS)
async def test_every_call_says_that_the_answer_was_lost(
    telegram: FakeTelegram, client: TelegramClient, call: Call
) -> None:
    telegram.hang_up = True

    assert (await error_of(call(client))).trouble is TelegramTrouble.UNCLEAR
    assert len(telegram.calls) == 1


async def test_another_poller_is_a_conflict(telegram: FakeTelegram, client: TelegramClient) -> None:
    telegram.will_refuse(409, "Conflict: terminated by other getUpdates request")

    error = await error_of(client.get_updates(TOKEN, offset=1, timeout_s=0))

    assert error.trouble is TelegramTrouble.CONFLICT


async def test_what_cannot_be_a_token_is_not_even_tried(telegram: FakeTelegram, client: TelegramClient) -> None:
    with pytest.raises(TelegramError) as caught:
        await client.get_me(SecretStr("700000001:AA/../x"))

    assert caught.value.trouble is TelegramTrouble.TOKEN
    assert telegram.calls == []


async def test_a_text_is_sent_and_its_id_comes_back(telegram: FakeTelegram, client: TelegramClient) -> None:
    telegram.will_return({"message_id": 17, "date": 1, "chat": {"id": 5001, "type": "private"}, "text": "hi"})

    assert await client.send_text(TOKEN, chat_id="5001", text="hi", reply_to="10") == Sent("17")
    assert telegram.calls == [
        (
            "sendMessage",
            {
                "chat_id": "5001",
                "text": "hi",
                "reply_parameters": {"message_id": 10, "allow_sending_without_reply": True},
            },
        )
    ]


async def test_a_group_that_moved_is_followed_to_its_new_id(telegram: FakeTelegram, client: TelegramClient) -> None:
    moved = "Bad Request: group chat was upgraded to a supergroup chat"
    telegram.will_refuse(400, moved, migrate_to_chat_id=-1001234567890)
    telegram.will_return({"message_id": 3})

    # The supergroup's message 3 is not the old group's message 3, under whose conversation it is kept.
    assert await client.send_text(TOKEN, chat_id="-55", text="hi", reply_to="10") == Sent("-1001234567890:3")
    assert telegram.calls[1] == ("sendMessage", {"chat_id": "-1001234567890", "text": "hi"})


async def test_a_group_that_moves_again_is_not_followed_for_ever(
    telegram: FakeTelegram, client: TelegramClient
) -> None:
    for _ in range(2):
        telegram.will_refuse(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-2)

    outcome = await client.send_text(TOKEN, chat_id="-55", text="hi")

    assert isinstance(outcome, Refused)
    assert outcome.code == "chat_moved"
    assert len(telegram.calls) == 2


async def test_a_throttled_text_is_postponed_by_what_telegram_says(
    telegram: FakeTelegram, client: TelegramClient
) -> None:
    telegram.will_refuse(429, "Too Many Requests: retry after 14", retry_after=14)

    outcome = await client.send_text(TOKEN, chat_id="5001", text="hi")

    assert isinstance(outcome, Postponed)
    assert outcome.retry_after_s == 14


async def test_a_text_whose_answer_is_lost_is_unknown_and_not_sent_again(
    telegram: FakeTelegram, client: TelegramClient
) -> None:
    telegram.hang_up = True

    assert isinstance(await client.send_text(TOKEN, chat_id="5001", text="hi"), Lost)
    assert len(telegram.calls) == 1


async def test_a_text_that_reaches_nobody_is_postponed(unreachable: TelegramClient) -> None:
    assert isinstance(await unreachable.send_text(TOKEN, chat_id="5001", text="hi"), Postponed)


async def test_no_secret_and_no_text_is_logged_or_told(
    telegram: FakeTelegram, client: TelegramClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    telegram.hang_up = True

    outcome = await client.send_text(TOKEN, chat_id="5001", text="Grüße")

    for secret in (TOKEN.get_secret_value(), "Grüße"):
        assert secret not in repr(outcome)
        assert not [record for record in caplog.records if secret in record.getMessage() and record.name not in PEERS]
