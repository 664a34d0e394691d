"""Many callers who begin heads of a megabyte and never end them: what that costs a relay that really runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import aiohttp
import psutil
import pytest

from relay.web.front_door import MAX_PASSED_BYTES
from tests.support.waiting import soon
from tests.world.halves import new_relay
from tests.world.process import Server

CALLERS = 600
FIELDS = b"".join(b"X-Fill-%d: " % number + b"x" * 8_000 + b"\r\n" for number in range(120))
"""Nearly a MiB, and about as much as aiohttp lets one head have."""
HELLO = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
CHUNKED = (
    b"POST /facebook/webhook HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=" + b"0" * 64 + b"\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
)
COSTS = 3
"""How much memory a byte of a head may take, at the most: aiohttp keeps each field as bytes and as text."""


@pytest.fixture
async def relay(tmp_path: Path) -> AsyncIterator[Server]:
    server = new_relay(tmp_path / "relay")
    await server.start()
    yield server
    await server.stop()


def memory_of(relay: Server) -> int:
    """Return the bytes that the relay's own processes have, without its Redis."""
    leader = psutil.Process(relay.pid)
    family = [leader, *leader.children(recursive=True)]
    return sum(each.memory_info().rss for each in family if "redis" not in each.name())


async def begin(relay: Server, begun: bytes, stack: AsyncExitStack) -> asyncio.Future[None]:
    """Send something that has no end, as far as the relay takes it; returns what is done when the connection ends."""
    reader, writer = await soon(asyncio.open_connection("127.0.0.1", relay.port))

    async def hang_up() -> None:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()
        await ended

    async def read() -> None:
        with suppress(ConnectionError):
            while await reader.read(65_536):
                pass

    ended = asyncio.ensure_future(read())
    stack.push_async_callback(hang_up)
    writer.write(begun)
    with suppress(ConnectionError):
        await writer.drain()
    return ended


@pytest.mark.parametrize(
    ("begun", "kept"),
    [
        pytest.param(HELLO + FIELDS, 0, id="a first head"),
        pytest.param(HELLO + b"\r\n" + HELLO + FIELDS, 0, id="a head behind a request"),
        pytest.param(CHUNKED + FIELDS, MAX_PASSED_BYTES // len(FIELDS), id="fields behind a body in chunks"),
    ],
)
async def test_they_cost_a_bounded_amount_and_keep_nobody_out(relay: Server, begun: bytes, kept: int) -> None:
    before = memory_of(relay)
    async with AsyncExitStack() as stack, aiohttp.ClientSession() as honest:
        ends = [await begin(relay, begun, stack) for _ in range(CALLERS)]
        await soon(asyncio.wait(ends[: CALLERS - kept]))
        async with honest.get(f"{relay.base_url}/healthz") as answer:
            status = answer.status
        grown = memory_of(relay) - before
        lasting = sum(not ended.done() for ended in ends)

    assert (status, lasting <= kept) == (200, True)
    assert grown < COSTS * MAX_PASSED_BYTES
