"""What the simulators' own tests share: real ports, a receiver of webhooks, a clock that stands still."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.integration.simulators.receiver import Receiver
from tests.simulators.clock import ManualClock
from tests.simulators.graph import GraphSimulator


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
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
