"""Calling the relay: what is sent, and that nothing that may answer in its place does harm. Real servers on port 0."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from onsite.adapters.relay_client import MAX_ANSWER_BYTES, RelayClient
from onsite.core.connect_link import ConnectLink
from onsite.core.errors import NoConnectLink
from onsite.core.relay_answers import RelayReading, RelayState
from shared.exchange import new_platform_session
from shared.site_secret import api_token
from tests.support.certificate import self_signed
from tests.support.logs import written_logs
from tests.support.peer import peer
from tests.world.ports import free_port

SECRET = SecretStr("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
TOKEN = api_token(SECRET).get_secret_value()
SOON = aiohttp.ClientTimeout(total=0.2, connect=0.1)


class FakeRelay:
    """Answers as told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: Callable[[], web.Response] = lambda: web.json_response({"state": "up", "waiting": 0})
        self.requests: list[tuple[str, str, str]] = []
        self.bodies: list[bytes] = []
        self.encodings: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path, request.headers.get("Authorization", "")))
        self.bodies.append(await request.read())
        self.encodings.append(request.headers["Accept-Encoding"])
        return self.answer()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_platform_session() as session:
        yield session


@pytest.fixture
def relay() -> FakeRelay:
    return FakeRelay()


@pytest.fixture
async def client(relay: FakeRelay, session: aiohttp.ClientSession) -> AsyncIterator[RelayClient]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", relay.handle)
    async with TestServer(app) as server:
        yield client_of(session, str(server.make_url("")).rstrip("/"))


def client_of(session: aiohttp.ClientSession, url: str) -> RelayClient:
    return RelayClient(session, base_url=url, site="acme", secret=SECRET, timeout=SOON)


async def test_each_call_carries_the_token_and_never_the_secret(client: RelayClient, relay: FakeRelay) -> None:
    assert await client.ready() == RelayReading(RelayState.UP, "", 0)
    assert await client.look() == RelayReading(RelayState.UP, "", 0, (), None)

    assert relay.requests == [
        ("POST", "/v1/sites/acme/ready", f"Bearer {TOKEN}"),
        ("GET", "/v1/sites/acme", f"Bearer {TOKEN}"),
    ]
    assert relay.bodies == [b"{}", b""]
    assert relay.encodings == ["identity", "identity"]  # a small packed answer must not become a large one


async def test_a_relay_behind_a_path_is_found(session: aiohttp.ClientSession, relay: FakeRelay) -> None:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", relay.handle)
    async with TestServer(app) as server:
        await client_of(session, str(server.make_url("/social"))).look()

    assert relay.requests[0][1] == "/social/v1/sites/acme"


async def test_a_redirect_is_not_followed(client: RelayClient, relay: FakeRelay) -> None:
    relay.answer = lambda: web.Response(status=302, headers={"Location": "/elsewhere"})
    reading = await client.ready()

    assert reading.state is RelayState.NOT_OFFERED
    assert "redirect" in reading.sentence
    assert len(relay.requests) == 1


async def test_an_endless_answer_is_cut(session: aiohttp.ClientSession) -> None:
    sent = 0

    async def pour(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 64 * MAX_ANSWER_BYTES:
            await response.write(b" " * 65536)
            sent += 65536
        return response

    app = web.Application()
    app.router.add_get("/v1/sites/acme", pour)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        client = RelayClient(session, base_url=url, site="acme", secret=SECRET)
        reading = await client.look()

    assert reading.state is RelayState.NOT_OFFERED
    assert sent < 32 * MAX_ANSWER_BYTES


async def test_a_relay_that_is_down_is_unreachable(session: aiohttp.ClientSession) -> None:
    client = client_of(session, f"http://127.0.0.1:{free_port()}")
    readings = [await client.ready(), await client.look()]

    assert [reading.state for reading in readings] == [RelayState.UNREACHABLE] * 2
    assert "takes no connection" in readings[0].sentence


async def test_a_relay_that_says_nothing_is_unreachable(session: aiohttp.ClientSession) -> None:
    async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with peer(say_nothing) as address:
        reading = await client_of(session, f"http://{address}").look()

    assert reading.state is RelayState.UNREACHABLE
    assert "no answer in time" in reading.sentence


async def test_a_certificate_that_nobody_vouches_for_gets_no_token(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    heard = bytearray()

    async def hear(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read())

    async with peer(hear, tls=self_signed(tmp_path)) as address:
        host, _, port = address.partition(":")
        reading = await client_of(session, f"https://{host}:{port}").ready()

    assert reading.state is RelayState.UNREACHABLE
    assert "certificate" in reading.sentence
    assert heard == b""


@pytest.mark.parametrize("status", [200, 302, 401, 404, 409, 429, 500])
async def test_neither_log_nor_sentence_tells_the_token(client: RelayClient, relay: FakeRelay, status: int) -> None:
    relay.answer = lambda: web.Response(status=status, text=f"<html>{TOKEN}")
    with written_logs() as logs:
        readings = [await client.ready(), await client.look()]

    assert TOKEN not in logs.text + str(readings)
    assert SECRET.get_secret_value() not in logs.text + str(readings)
    assert TOKEN not in repr(vars(client))


async def test_a_link_is_asked_for_with_the_sites_token(client: RelayClient, relay: FakeRelay) -> None:
    relay.answer = lambda: web.json_response({"url": "https://relay.example/x", "expires_at": "soon"})
    link = await client.connect_link("/channels")

    assert link == ConnectLink("https://relay.example/x", "soon")
    assert relay.requests[-1][:2] == ("POST", "/v1/sites/acme/connect")
    assert relay.requests[-1][2] == f"Bearer {TOKEN}"
    assert relay.bodies[-1] == b'{"return_to": "/channels"}'


async def test_a_relay_that_cannot_be_asked_for_a_link_is_said_so(session: aiohttp.ClientSession) -> None:
    with pytest.raises(NoConnectLink, match="could not be asked for a link"):
        await client_of(session, f"http://127.0.0.1:{free_port()}").connect_link("")
