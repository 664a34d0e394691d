"""Bodies behind the example proxies: what arrives is what was sent."""

import asyncio
import gzip
import hashlib
import hmac
from collections.abc import AsyncIterator, Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
from pydantic import SecretStr

from relay.core.webhook import SIGNATURE_HEADER, verify_signature
from relay.web.answer import ACCEPTED
from relay.web.plain_request import NotRead, PlainRequest, read_plain
from tests.support.proxies import WEBHOOK_PATH, Case, every_proxy, proxy_before, relays_proxies, running

APP_SECRET = SecretStr("app-secret-example")


def noise(size: int) -> bytes:
    """Return bytes of every value, the same in each run."""
    return hashlib.shake_256(b"deploy").digest(size)


def bodies() -> Iterator[tuple[str, bytes]]:
    yield "Meta's escaped JSON", rb'{"object":"page","entry":[{"id":"1","text":"\u00e4\u00f6 https:\/\/x.test"}]}'
    yield "raw UTF-8, blanks and line ends", '  {\r\n\t"text" : "äö 😀"}\n\n'.encode()
    yield "3 MB of every byte", noise(3 * 1000 * 1000)
    yield "nothing", b""


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(APP_SECRET.get_secret_value().encode(), body, hashlib.sha256).hexdigest()


@every_proxy
@pytest.mark.parametrize("body", [pytest.param(body, id=label) for label, body in bodies()])
async def test_a_body_and_its_signature_arrive_byte_for_byte(case: Case, body: bytes, tmp_path: Path) -> None:
    async with running(case, tmp_path) as proxy:
        status = await proxy.post(case.path, body, **{SIGNATURE_HEADER: signature(body)})
        [(path, arrived, signed)] = proxy.backend.arrived

    assert (status, path) == (200, case.path)
    assert arrived == body
    verify_signature(signed, arrived, app_secret=APP_SECRET)


@every_proxy
async def test_a_body_sent_in_chunks_arrives_byte_for_byte(case: Case, tmp_path: Path) -> None:
    parts = [noise(1 + 40_000 * number) for number in range(10)]

    async def chunks() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    async with running(case, tmp_path) as proxy:
        assert await proxy.post(case.path, chunks()) == 200
        [(_, arrived, _)] = proxy.backend.arrived

    assert arrived == b"".join(parts)


@every_proxy
async def test_a_compressed_body_is_not_unpacked_on_the_way_so_the_half_can_refuse_it(
    case: Case, tmp_path: Path
) -> None:
    async with running(case, tmp_path) as proxy:
        answered = await proxy.post(case.path, gzip.compress(b"{}" * 1000), **{"Content-Encoding": "gzip"})

    assert answered == 415
    assert proxy.backend.arrived == []


@every_proxy
async def test_the_largest_body_that_the_half_takes_passes_and_a_larger_one_is_refused(
    case: Case, tmp_path: Path
) -> None:
    async with running(case, tmp_path) as proxy:
        assert await proxy.post(case.path, bytes(case.limit)) == 200
        assert await proxy.post(case.path, bytes(case.limit + 1)) == 413
        lengths = [len(body) for _, body, _ in proxy.backend.arrived]

    assert lengths == [case.limit]


class PlainOnly(asyncio.Protocol):
    """Takes what the relay's front door takes by itself, and hangs up on anything else."""

    received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        request = read_plain(self.received)
        if isinstance(request, PlainRequest):
            self.received = b""
            self.transport.write(ACCEPTED.as_bytes(date=formatdate(usegmt=True)))
        elif request is not NotRead.PART:
            self.transport.close()


@relays_proxies
async def test_a_webhook_comes_to_the_relay_in_the_form_that_costs_least(case: Case, tmp_path: Path) -> None:
    body = rb'{"object":"page","entry":[{"id":"1","text":"\u00e4\u00f6 https:\/\/x.test"}]}'
    headers = {
        SIGNATURE_HEADER: signature(body),
        "User-Agent": "facebookexternalua",
        "Content-Type": "application/json",
    }
    backend = await asyncio.get_running_loop().create_server(PlainOnly, "127.0.0.1", 0)
    async with backend, proxy_before(backend.sockets[0].getsockname()[1], case, tmp_path) as (url, session):
        for _ in range(3):
            async with session.post(url + WEBHOOK_PATH, data=body, headers=headers) as answer:
                assert (answer.status, await answer.text()) == (200, "ok")
