"""Puts the demo together: both platforms, the phones, a relay, a site, a page and a bot. Everything ends with it."""

import asyncio
import random
import string
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.runtime import listening
from tests.demo.phone import Personas, phone_app
from tests.demo.ports import DemoPorts
from tests.simulators.graph import GraphSimulator
from tests.simulators.telegram import TelegramSimulator
from tests.world.halves import APP_ID, APP_SECRET, VERIFY_TOKEN, Platforms, new_relay, new_site
from tests.world.process import Server

PAGE_ID = "112233445566"
PAGE_TOKEN = "EAA" + "d" * 40
PSID = "9000000000000001"
TELEGRAM_USER = 50000001
SITE_BACK_AFTER_S = 10.0


@dataclass(frozen=True)
class Demo:
    """What runs."""

    relay: Server
    site: Server
    phones_url: str


@asynccontextmanager
async def demo(folder: Path, ports: DemoPorts) -> AsyncIterator[Demo]:
    """Run the demo in `folder` until left."""
    async with AsyncExitStack() as stack:
        graph = await stack.enter_async_context(_graph(ports))
        telegram, bot_token = await stack.enter_async_context(_telegram(ports))
        relay = new_relay(folder / "relay", port=ports.relay)
        await relay.start()
        stack.push_async_callback(relay.stop)
        platforms = Platforms(graph.url, telegram.url)
        site = await new_site("demo", folder / "site", relay, platforms, port=ports.site)
        await site.start()
        stack.push_async_callback(site.stop)
        await _connect(relay, site, bot_token)
        graph.callback_url = f"{relay.base_url}/facebook/webhook"
        await graph.verify_callback()
        personas = Personas(page_id=PAGE_ID, psid=PSID, bot_token=bot_token, user_id=TELEGRAM_USER)
        phones = phone_app(graph, telegram, personas)
        await stack.enter_async_context(listening(phones, host="127.0.0.1", port=ports.phones))
        keeper = asyncio.create_task(_bring_back(site), name="bring the site back")
        stack.callback(keeper.cancel)
        yield Demo(relay, site, f"http://127.0.0.1:{ports.phones}")


@asynccontextmanager
async def _graph(ports: DemoPorts) -> AsyncIterator[GraphSimulator]:
    graph = GraphSimulator(app_id=APP_ID, app_secret=APP_SECRET, verify_token=VERIFY_TOKEN)
    graph.add_page(PAGE_ID, name="Acme Bikes", token=PAGE_TOKEN)
    graph.add_person(page_id=PAGE_ID, psid=PSID, name="Ada Lovelace")
    await graph.start(port=ports.graph)
    try:
        yield graph
    finally:
        await graph.close()


@asynccontextmanager
async def _telegram(ports: DemoPorts) -> AsyncIterator[tuple[TelegramSimulator, str]]:
    telegram = TelegramSimulator()
    token = "7000000001:" + "".join(random.choices(string.ascii_letters, k=35))  # noqa: S311  a made-up bot
    telegram.add_bot(token, username="acme_bikes_bot")
    telegram.add_user(id=TELEGRAM_USER, first_name="Grace", last_name="Hopper")
    await telegram.start(port=ports.telegram)
    try:
        yield telegram, token
    finally:
        await telegram.close()


async def _connect(relay: Server, site: Server, bot_token: str) -> None:
    """Do what the README tells operator and admin to do."""
    await relay.command("bind", PAGE_ID, "demo")
    await site.command("channel", "add", "facebook", PAGE_ID, stdin=PAGE_TOKEN)
    await site.command("channel", "add", "telegram", stdin=bot_token)


async def _bring_back(site: Server) -> None:
    """Start the site again some seconds after somebody killed it, so that waiting messages can be watched arriving."""
    while True:
        await site.ended()
        await asyncio.sleep(SITE_BACK_AFTER_S)
        await site.start()
