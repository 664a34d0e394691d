"""The customer's phone: what is typed reaches the platforms, what they show reaches the screens."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.demo.phone import Personas, phone_app
from tests.integration.simulators.bot_client import BotClient
from tests.integration.simulators.receiver import Receiver
from tests.simulators.graph import GraphSimulator
from tests.simulators.server import HttpServer
from tests.simulators.telegram import Bot, TelegramSimulator, User

MESSENGER = "messenger-1122-9001"
TELEGRAM = "telegram-123456789-5001"
DEADLINE_S = 5.0


class Screen:
    """The page's view: asks the application, listens to its stream."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self.url = url
        self.stream: aiohttp.ClientResponse

    async def listen(self) -> None:
        self.stream = await self._http.get(f"{self.url}/api/events")

    async def next_change(self) -> dict[str, Any]:
        async with asyncio.timeout(DEADLINE_S):
            while not (line := await self.stream.content.readline()).startswith(b"data: "):
                assert line, "the stream has ended"
        change: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
        return change

    async def post(self, path: str, body: Any) -> aiohttp.ClientResponse:
        return await self._http.post(f"{self.url}/api/phones/{path}", json=body)

    async def phones(self) -> dict[str, dict[str, Any]]:
        async with self._http.get(f"{self.url}/api/phones") as answer:
            return {phone["id"]: phone for phone in (await answer.json())["phones"]}


@pytest.fixture
async def screen(
    graph: GraphSimulator,
    telegram: TelegramSimulator,
    bot: Bot,
    user: User,
    receiver: tuple[Receiver, str],
    http: aiohttp.ClientSession,
) -> AsyncIterator[Screen]:
    graph.callback_url = receiver[1]
    personas = Personas("1122", "9001", bot.token, user.id)
    server = HttpServer(lambda: phone_app(graph, telegram, personas))
    await server.start("127.0.0.1", 0)
    screen = Screen(http, server.url)
    await screen.listen()
    yield screen
    await server.close()


async def test_there_is_a_phone_for_each_platform(screen: Screen) -> None:
    phones = await screen.phones()

    assert {(phone["id"], phone["platform"], phone["person"], phone["business"]) for phone in phones.values()} == {
        (MESSENGER, "messenger", "Ada Lovelace", "Acme"),
        (TELEGRAM, "telegram", "Ada Lovelace", "acme_bot"),
    }


async def test_what_is_typed_on_messenger_becomes_a_webhook_and_a_bubble(
    screen: Screen, receiver: tuple[Receiver, str]
) -> None:
    answer = await screen.post(f"{MESSENGER}/messages", {"text": " hello "})
    change = await screen.next_change()

    assert await answer.json() == {"note": ""}
    assert b'"text":"hello"' in receiver[0].bodies[0]
    assert (change["phone"], change["kind"], change["mine"], change["text"]) == (MESSENGER, "bubble", True, "hello")


async def test_a_webhook_that_is_refused_is_explained(screen: Screen, receiver: tuple[Receiver, str]) -> None:
    receiver[0].status = 503

    answer = await screen.post(f"{MESSENGER}/messages", {"text": "hello"})

    assert await answer.json() == {"note": "Facebook could not hand it over to the app yet (it answered 503)."}


async def test_without_a_callback_address_nobody_would_hear_the_customer(screen: Screen, graph: GraphSimulator) -> None:
    graph.callback_url = ""

    answer = await screen.post(f"{MESSENGER}/messages", {"text": "hello"})

    assert (await answer.json())["note"].startswith("Facebook knows no callback address")
    assert (await screen.post(f"{MESSENGER}/looks", {})).status == 204


async def test_a_reply_through_the_send_api_appears_live_and_is_reported_as_read(
    screen: Screen, graph: GraphSimulator, receiver: tuple[Receiver, str], http: aiohttp.ClientSession
) -> None:
    graph.echoes = False
    await screen.post(f"{MESSENGER}/messages", {"text": "hello"})
    await screen.next_change()
    body = {"recipient": {"id": "9001"}, "messaging_type": "RESPONSE", "message": {"text": "welcome"}}
    async with http.post(f"{graph.url}/me/messages", json=body, params={"access_token": "EAAtoken"}) as answer:
        mid = (await answer.json())["message_id"]

    change = await screen.next_change()
    looked = await screen.post(f"{MESSENGER}/looks", {})

    assert (change["id"], change["mine"], change["text"]) == (mid, False, "welcome")
    assert looked.status == 204
    told = [json.loads(body)["entry"][0]["messaging"][0] for body in receiver[0].bodies]
    assert [next(key for key in ("message", "delivery", "read") if key in event) for event in told] == [
        "message",
        "delivery",
        "read",
    ]


async def test_telegram_shows_messages_edits_deletions_and_typing(
    screen: Screen, telegram: TelegramSimulator, bot: Bot, client: BotClient
) -> None:
    await screen.post(f"{TELEGRAM}/messages", {"text": "hello"})
    sent = await client.result("sendMessage", chat_id=5001, text="welcom")
    await client.result("editMessageText", chat_id=5001, message_id=sent["message_id"], text="welcome")
    await client.result("sendChatAction", chat_id=5001, action="typing")
    await client.result("deleteMessage", chat_id=5001, message_id=sent["message_id"])

    changes = [await screen.next_change() for _ in range(5)]

    assert [(change["kind"], change["id"], change["mine"], change["text"]) for change in changes] == [
        ("bubble", "1", True, "hello"),
        ("bubble", "2", False, "welcom"),
        ("bubble", "2", False, "welcome"),
        ("typing", "", False, ""),
        ("gone", "2", False, ""),
    ]


async def test_a_reloaded_page_finds_what_was_said(screen: Screen) -> None:
    for phone in (MESSENGER, TELEGRAM):
        await screen.post(f"{phone}/messages", {"text": f"to {phone}"})

    phones = await screen.phones()

    assert {name: [bubble["text"] for bubble in phone["bubbles"]] for name, phone in phones.items()} == {
        MESSENGER: [f"to {MESSENGER}"],
        TELEGRAM: [f"to {TELEGRAM}"],
    }


async def test_other_peoples_talk_is_not_on_these_phones(
    screen: Screen, graph: GraphSimulator, telegram: TelegramSimulator, bot: Bot
) -> None:
    graph.add_person(page_id="1122", psid="9009", name="Bo")
    telegram.add_user(id=5009, first_name="Bo")
    await graph.customer_says("1122", "9009", "private")
    await telegram.customer_says(bot.token, 5009, "private")

    await screen.post(f"{MESSENGER}/messages", {"text": "mine"})

    assert (await screen.next_change())["text"] == "mine"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param(f"{MESSENGER}/messages", {"text": "  "}, 400, id="empty"),
        pytest.param(f"{MESSENGER}/messages", {"text": "x" * 2001}, 400, id="too long"),
        pytest.param(f"{MESSENGER}/messages", {}, 400, id="no text"),
        pytest.param(f"{MESSENGER}/messages", [], 400, id="no object"),
        pytest.param("nobody/messages", {"text": "x"}, 404, id="no such phone"),
    ],
)
async def test_nonsense_is_refused(screen: Screen, path: str, body: Any, status: int) -> None:
    assert (await screen.post(path, body)).status == status


@pytest.mark.parametrize("path", ["/", "/static/phone.css", "/static/phone.js"])
async def test_the_page_and_its_parts_are_served_and_load_from_here_only(
    screen: Screen, http: aiohttp.ClientSession, path: str
) -> None:
    async with http.get(screen.url + path) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")


def test_people_who_do_not_exist_hold_no_phone() -> None:
    with pytest.raises(LookupError):
        phone_app(GraphSimulator(), TelegramSimulator(), Personas("1122", "9001", "no token", 1))
