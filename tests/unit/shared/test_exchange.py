"""One POST: what certainly did not leave is told apart from what may have arrived. Against real servers on port 0."""

import asyncio
import socket
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from shared.exchange import Answer, NoAnswer, NotSent, new_platform_session, post

SECRET = "secret-in-the-address"
SOON = aiohttp.ClientTimeout(total=0.2, connect=0.1)

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_platform_session() as session:
        yield session


@asynccontextmanager
async def raw_server(converse: Conversation) -> AsyncIterator[str]:
    """Serve connections byte by byte; yield an address with a secret in its path."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await converse(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/{SECRET}"


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    return head + await reader.readexactly(length)


def assert_tells_no_secret(error: Exception) -> None:
    told = "".join(traceback.format_exception(error, chain=True))
    assert error.__context__ is None
    assert error.__cause__ is None
    assert SECRET not in told


async def test_a_body_is_posted_as_json_and_the_answer_returned_as_it_is(session: aiohttp.ClientSession) -> None:
    async def echo(request: web.Request) -> web.Response:
        assert (request.method, request.content_type, request.headers["X-More"]) == ("POST", "application/json", "1")
        return web.Response(status=418, body=await request.read())

    app = web.Application()
    app.router.add_post("/", echo)
    async with TestServer(app) as server:
        answer = await post(session, str(server.make_url("/")), b'{"a":1}', headers={"X-More": "1"})

    assert answer == Answer(418, b'{"a":1}')


async def test_a_closed_port_takes_nothing(session: aiohttp.ClientSession) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(NotSent, match=rf"127\.0\.0\.1:{port} takes no connection") as caught:
        await post(session, f"http://127.0.0.1:{port}/{SECRET}", b"{}")

    assert_tells_no_secret(caught.value)


class FailingResolver(AbstractResolver):
    """Knows no name."""

    async def resolve(self, *_args: object, **_kwargs: object) -> list[ResolveResult]:
        raise OSError(None, "no such name")

    async def close(self) -> None:
        """Keep nothing open."""


class SilentResolver(FailingResolver):
    """Never answers."""

    async def resolve(self, *_args: object, **_kwargs: object) -> list[ResolveResult]:
        await asyncio.Event().wait()
        return []


async def test_a_name_that_is_not_known_takes_nothing() -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=FailingResolver())) as session:
        with pytest.raises(NotSent, match=r"the name platform\.test cannot be resolved") as caught:
            await post(session, f"http://platform.test/{SECRET}", b"{}")

    assert_tells_no_secret(caught.value)


async def test_a_connection_that_is_not_made_in_time_takes_nothing() -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=SilentResolver())) as session:
        with pytest.raises(NotSent, match="no connection in time") as caught:
            await post(session, f"http://platform.test/{SECRET}", b"{}", timeout=SOON)

    assert_tells_no_secret(caught.value)


async def test_a_peer_that_does_not_speak_tls_takes_nothing(session: aiohttp.ClientSession) -> None:
    async def say_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"220 this is no TLS\r\n")
        await writer.drain()

    async with raw_server(say_hello) as url:
        with pytest.raises(NotSent) as caught:
            await post(session, url.replace("http://", "https://"), b"{}")

    assert_tells_no_secret(caught.value)
    assert not isinstance(caught.value, ssl.SSLError)


@pytest.mark.parametrize(
    "address", ["", "nonsense", "ftp://127.0.0.1/x", "http://", "http://[", "http://127.0.0.1:99999"]
)
async def test_an_address_that_is_none_takes_nothing(session: aiohttp.ClientSession, address: str) -> None:
    with pytest.raises(NotSent, match="no http address") as caught:
        await post(session, address, b"{}")

    assert_tells_no_secret(caught.value)


async def test_a_connection_that_breaks_after_the_request_leaves_it_open(session: aiohttp.ClientSession) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)

    async with raw_server(hang_up) as url:
        with pytest.raises(NoAnswer, match="closed before an answer came") as caught:
            await post(session, url, b"{}")

    assert_tells_no_secret(caught.value)


async def test_a_reset_after_the_request_leaves_it_open(session: aiohttp.ClientSession) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    async with raw_server(reset) as url:
        with pytest.raises(NoAnswer) as caught:
            await post(session, url, b"{}")

    assert_tells_no_secret(caught.value)


async def test_half_an_answer_leaves_it_open(session: aiohttp.ClientSession) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()

    async with raw_server(half) as url:
        with pytest.raises(NoAnswer) as caught:
            await post(session, url, b"{}")

    assert_tells_no_secret(caught.value)


async def test_an_answer_that_is_no_http_leaves_it_open(session: aiohttp.ClientSession) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"whatever\r\n\r\n")
        await writer.drain()

    async with raw_server(nonsense) as url:
        with pytest.raises(NoAnswer) as caught:
            await post(session, url, b"{}")

    assert_tells_no_secret(caught.value)


async def test_no_answer_in_time_leaves_it_open(session: aiohttp.ClientSession) -> None:
    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await reader.read()  # until the client gives up

    async with raw_server(be_silent) as url:
        with pytest.raises(NoAnswer, match="no answer in time") as caught:
            await post(session, url, b"{}", timeout=SOON)

    assert_tells_no_secret(caught.value)


async def test_a_post_is_not_repeated_on_a_kept_connection_that_the_peer_closes(session: aiohttp.ClientSession) -> None:
    """Aiohttp repeats idempotent requests on such a connection by itself; a message would go out twice."""
    requests = 0

    async def answer_once_then_hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        await read_request(reader)
        requests += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        await read_request(reader)
        requests += 1

    async with raw_server(answer_once_then_hang_up) as url:
        assert await post(session, url, b"{}") == Answer(200, b"{}")
        with pytest.raises(NoAnswer):
            await post(session, url, b"{}")

    assert requests == 2


async def test_a_redirect_is_not_followed(session: aiohttp.ClientSession) -> None:
    visited = []

    async def handle(request: web.Request) -> web.Response:
        visited.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    app = web.Application()
    app.router.add_post("/{path}", handle)
    async with TestServer(app) as server:
        answer = await post(session, str(server.make_url("/first")), b"{}")

    assert (answer.status, visited) == (307, ["/first"])


async def test_an_endless_answer_is_cut(session: aiohttp.ClientSession) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 1000)

    app = web.Application()
    app.router.add_post("/", handle)
    async with TestServer(app) as server:
        answer = await post(session, str(server.make_url("/")), b"{}", max_bytes=10)

    assert answer.body == b"x" * 10
