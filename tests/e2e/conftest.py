"""Both platforms simulated in the test's own loop; relay and sites as real processes."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.simulators.graph import GraphSimulator
from tests.simulators.telegram import TelegramSimulator
from tests.world.halves import APP_ID, APP_SECRET, VERIFY_TOKEN, Platforms, new_relay, new_site
from tests.world.process import Server
from tests.world.secrecy import Secret, leaks

NewSite = Callable[[str], Awaitable[Server]]
"""Registers a site at the relay and prepares its process; the test starts it when it wants to."""
TokenFile = Callable[[str], str]
"""Writes a token to a file and names it."""


@pytest.fixture
async def graph() -> AsyncIterator[GraphSimulator]:
    async with GraphSimulator(app_id=APP_ID, app_secret=APP_SECRET, verify_token=VERIFY_TOKEN) as simulator:
        yield simulator


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
def shown(graph: GraphSimulator, telegram: TelegramSimulator, tmp_path: Path) -> Iterator[list[Secret]]:
    """Collect what the world's commands print on purpose; when both halves have ended, no secret may be left anywhere.

    What a test itself writes down, a token for instance, goes to `token_file`.
    """
    shown: list[Secret] = []
    yield shown
    held = [Secret(*each) for each in graph.secrets()]
    bots = [Secret("a bot's token", token) for token in telegram.world.bots]
    assert leaks([*shown, *held, *bots], tmp_path) == []


@pytest.fixture
async def relay(graph: GraphSimulator, shown: list[Secret], tmp_path: Path) -> AsyncIterator[Server]:
    server = new_relay(tmp_path / "relay", graph_url=graph.url)
    server.shown = shown
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
            site.shown = relay.shown
            stack.push_async_callback(site.stop)
            return site

        yield prepare


@pytest.fixture
def token_file(tmp_path_factory: pytest.TempPathFactory) -> TokenFile:
    """Write a token where a command is told to read it from, outside the world."""

    def write(token: str) -> str:
        file = tmp_path_factory.mktemp("token") / "token"
        file.write_text(token + "\n", encoding="utf-8")
        return str(file)

    return write
