"""Both platforms simulated in the test's own loop; relay and sites as real processes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.simulators.graph import GraphSimulator
from tests.simulators.telegram import TelegramSimulator
from tests.world.halves import APP_ID, APP_SECRET, VERIFY_TOKEN, Platforms, new_relay, new_site
from tests.world.process import Server

NewSite = Callable[[str], Awaitable[Server]]
"""Registers a site at the relay and prepares its process; the test starts it when it wants to."""


@pytest.fixture
async def graph() -> AsyncIterator[GraphSimulator]:
    async with GraphSimulator(app_id=APP_ID, app_secret=APP_SECRET, verify_token=VERIFY_TOKEN) as simulator:
        yield simulator


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
async def relay(graph: GraphSimulator, tmp_path: Path) -> AsyncIterator[Server]:
    server = new_relay(tmp_path / "relay", graph_url=graph.url)
    await server.start()
    graph.callback_url = f"{server.base_url}/facebook/webhook"
    yield server
    await server.stop()


@pytest.fixture
async def new_site_at(
    relay: Server, graph: GraphSimulator, telegram: TelegramSimulator, tmp_path: Path
) -> AsyncIterator[NewSite]:
    async with AsyncExitStack() as stack:

        async def prepare(name: str) -> Server:
            site = await new_site(name, tmp_path / name, relay, Platforms(graph.url, telegram.url))
            stack.push_async_callback(site.stop)
            return site

        yield prepare
