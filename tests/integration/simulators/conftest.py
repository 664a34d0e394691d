"""What the simulators' own tests share: real ports, a receiver of webhooks, a clock that stands still."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.integration.simulators.bot_client import BotClient
from tests.integration.simulators.receiver import Receiver
from tests.simulators.clock import ManualClock
from tests.simulators.graph import GraphSimulator
from tests.simulators.telegram import Bot, TelegramSimulator, User

BOT_TOKEN = "123456789:AAH4f-_abcdefghijklmnopqrstuvwxyz01"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/webhook", receiver.take)
    async with TestServer(app) as server:
        yield receiver, str(server.make_url("/webhook"))


@pytest.fixture
async def graph(clock: ManualClock) -> AsyncIterator[GraphSimulator]:
    async with GraphSimulator(app_id="138", app_secret="app-secret-example", clock=clock) as sim:
        sim.add_page("1122", name="Acme", token="EAAtoken")
        sim.add_person(page_id="1122", psid="9001", name="Ada Lovelace")
        yield sim


@pytest.fixture
async def telegram(clock: ManualClock) -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator(clock=clock, sleep=clock.sleep, first_update_id=lambda: 7_000_001) as sim:
        yield sim


@pytest.fixture
def bot(telegram: TelegramSimulator) -> Bot:
    return telegram.add_bot(BOT_TOKEN, username="acme_bot")


@pytest.fixture
def user(telegram: TelegramSimulator) -> User:
    return telegram.add_user(id=5001, first_name="Ada", last_name="Lovelace", username="ada")


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def client(http: aiohttp.ClientSession, telegram: TelegramSimulator, bot: Bot) -> BotClient:
    return BotClient(http, telegram, bot)
