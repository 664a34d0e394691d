"""That the bounds are in force at all: they hang on what the library does not promise (docs/decisions/0024)."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from relay.adapters.bounded_answers import BoundedAnswers, bound_answers
from tests.support.peer import peer
from tests.support.waiting import soon

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
ADVICE = "aiohttp makes its connections another way: see docs/decisions/0024-what-an-answer-may-bring.md"


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """Run a peer whose answer's body never comes whole, so that its connection can be looked at."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await reader.read()

    async with peer(handle) as address:
        yield address


async def test_every_connection_of_a_connector_has_the_bounds(address: str) -> None:
    connector = aiohttp.TCPConnector()
    bound_answers(connector)
    async with aiohttp.ClientSession(connector=connector) as session, session.get(f"http://{address}") as answer:
        assert answer.connection is not None
        assert isinstance(answer.connection.protocol, BoundedAnswers), ADVICE


@pytest.mark.parametrize("taken_over", ["set_response_params", "data_received", "feed_data", "set_exception"])
async def test_the_library_still_calls_what_the_bounds_are_looked_at_in(
    address: str, taken_over: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = asyncio.Event()
    original = getattr(BoundedAnswers, taken_over)

    def noticed(*args: object, **params: object) -> object:
        called.set()
        return original(*args, **params)

    monkeypatch.setattr(BoundedAnswers, taken_over, noticed)
    connector = aiohttp.TCPConnector()
    bound_answers(connector)
    async with aiohttp.ClientSession(connector=connector) as session, session.get(f"http://{address}") as answer:
        assert answer.connection is not None
        if taken_over == "set_exception":
            assert answer.connection.transport is not None
            answer.connection.transport.abort()  # a connection that is lost while its answer is read
        await soon(called.wait())
        assert called.is_set(), ADVICE
