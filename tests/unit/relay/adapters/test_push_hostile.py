"""The HTTP push against sites that answer with bytes no well-behaved server sends: always a verdict, always in time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from relay.adapters.push import HttpPush
from relay.adapters.push_sessions import PushSessions
from relay.core.delivery import Delivered, Failed, Gone, Refused, TooLarge, Verdict
from relay.core.outbox import Entry
from relay.core.permission import Permission, networks_of
from relay.core.site import Site
from shared.site_secret import new_site_secret
from tests.support.peer import peer
from tests.support.waiting import soon

ANSWER_TIMEOUT_S = 0.5
WRITTEN = "what the customer wrote"
ENTRY = Entry("1800000000000-1", "1122", "messaging", f'{{"message":{{"text":"{WRITTEN}"}}}}'.encode())
RECEIPT = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"accepted":1}'

Bytes = Callable[[], AsyncIterator[bytes]]


@asynccontextmanager
async def pushing_to_one_who_says(said: Bytes) -> AsyncIterator[HttpPush]:
    """Push to a peer that reads the request, says its bytes and hangs up, if it ever comes to an end."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        async for part in said():
            writer.write(part)
            await writer.drain()

    async with peer(handle) as address, PushSessions(answer_timeout_s=ANSWER_TIMEOUT_S) as sessions:
        permission = Permission(networks_of(["127.0.0.0/8"]), insecure=True)
        site = Site("acme", f"http://{address}", (new_site_secret(),), 0, permission)

        async def find(_name: str) -> Site:
            return site

        yield HttpPush(sessions, find)


def at_once(said: bytes) -> Bytes:
    async def parts() -> AsyncIterator[bytes]:
        yield said

    return parts


def for_ever(said: bytes, again: bytes, pause_s: float = 0.005) -> Bytes:
    async def parts() -> AsyncIterator[bytes]:
        yield said
        while True:
            yield again
            await asyncio.sleep(pause_s)  # drop by drop: that is what is tested

    return parts


async def verdict_on(said: Bytes) -> Verdict:
    async with pushing_to_one_who_says(said) as push:
        return await soon(push.deliver("acme", [ENTRY]))


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + RECEIPT, id="a 100 nobody asked for"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3 + RECEIPT, id="some 103"),
        pytest.param(
            b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"accep\r\n7\r\nted":1}\r\n0\r\n\r\n',
            id="a receipt in chunks",
        ),
        pytest.param(b'HTTP/1.1 200 OK\r\n\r\n{"accepted":1}', id="a receipt that ends with the connection"),
        pytest.param(b'HTTP/1.0 200 OK\r\n\r\n{"accepted":1}', id="HTTP/1.0"),
        pytest.param(b"HTTP/1.1 200 \r\n" + RECEIPT.split(b"\r\n", 1)[1], id="no words beside the status"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 50 + RECEIPT.split(b"\r\n", 1)[1],
            id="many headers, but few enough",
        ),
    ],
)
async def test_what_is_unusual_but_a_receipt_is_a_delivery(said: bytes) -> None:
    assert await verdict_on(at_once(said)) == Delivered()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "again"),
    [
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000, id="interim answers"),
        pytest.param(CHUNKED + b"1;x=", b"y" * 200_000, id="a chunk's extension"),
        pytest.param(CHUNKED + b"0\r\n", b"X: y\r\n" * 30, id="trailers"),
    ],
)
async def test_an_answer_without_end_is_ended_long_before_its_time_is_up(said: bytes, again: bytes) -> None:
    """As many bytes as the wire can carry; whoever reads them all has no time for anybody else."""
    verdict = await verdict_on(for_ever(said, again, pause_s=0.0))

    assert isinstance(verdict, Failed)
    assert verdict.reason != f"no answer within {ANSWER_TIMEOUT_S:.0f} s"


async def test_of_interim_answers_it_is_told_that_they_have_no_end() -> None:
    verdict = await verdict_on(for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000, pause_s=0.0))

    assert isinstance(verdict, Failed)
    assert "answer has no end" in verdict.reason


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", id="204"),
        pytest.param(b'HTTP/1.1 204 No Content\r\nContent-Length: 14\r\n\r\n{"accepted":1}', id="204 with a receipt"),
        pytest.param(b'HTTP/1.1 206 Partial\r\nContent-Length: 14\r\n\r\n{"accepted":1}', id="206 with a receipt"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\n\r\n", id="304"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", id="101"),
        pytest.param(b"HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n", id="999"),
        pytest.param(b"HTTP/1.1 1000 No\r\n\r\n", id="four digits"),
        pytest.param(b"HTTP/1.1 -1 No\r\n\r\n", id="below nothing"),
        pytest.param(b"HTTP/9.9 200 OK\r\nContent-Length: 14\r\n\r\n", id="HTTP/9.9, and nothing else"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", id="a length below nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n", id="a length that is none"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 400 + b"\r\n\r\n", id="a length beyond measure"),
        pytest.param(
            b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 14\r\n\r\n{"accepted":1}', id="two lengths"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", id="a chunk beyond measure"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", id="a chunk below nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n", id="headers without end"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n", id="a header without end"),
        pytest.param(b"HTTP/1.1 200 " + b"y" * 1_000_000 + b"\r\n\r\n", id="a reason without end"),
        pytest.param(b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", id="a header that is none"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA\x00B: c\r\n\r\n", id="a header with a zero"),
        pytest.param(
            b'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 14\r\n\r\n\x1f\x8b\x08{"accepted"', id="gzip"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\xff\xfe\x00\x00\x00\x00", id="a body of no text"),
        pytest.param(b"\x00" * 4096, id="zeros"),
    ],
)
async def test_what_is_no_receipt_is_a_failure_that_quotes_nothing(said: bytes) -> None:
    verdict = await verdict_on(at_once(said))

    assert isinstance(verdict, Failed)
    assert WRITTEN not in verdict.reason
    assert len(verdict.reason) < 300


@pytest.mark.parametrize(
    ("status", "kind"), [(410, Gone), (413, TooLarge), (400, Refused), (403, Refused), (401, Failed), (500, Failed)]
)
async def test_a_status_counts_although_its_body_is_rubbish(status: int, kind: type[Verdict]) -> None:
    said = f"HTTP/1.1 {status} x\r\nContent-Length: 5\r\n\r\n".encode() + b"\xff\x00<p>"

    assert isinstance(await verdict_on(at_once(said)), kind)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="100 without end"),
        pytest.param(for_ever(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), id="headers drop by drop"),
        pytest.param(for_ever(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b" "), id="a body drop by drop"),
        pytest.param(
            for_ever(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"), id="chunks drop by drop"
        ),
        pytest.param(for_ever(b"H", b""), id="one letter, then silence"),
    ],
)
async def test_whoever_never_comes_to_an_end_is_given_up_in_time(said: Bytes) -> None:
    began = asyncio.get_running_loop().time()
    verdict = await verdict_on(said)

    assert isinstance(verdict, Failed)
    assert asyncio.get_running_loop().time() - began < 5


async def test_the_next_push_is_not_misled_by_what_a_site_said_too_much() -> None:
    """An answer that nobody asked for must not be taken for the answer to the next batch."""
    async with pushing_to_one_who_says(at_once(RECEIPT + RECEIPT)) as push:
        first = await soon(push.deliver("acme", [ENTRY]))
        second = await soon(push.deliver("acme", [ENTRY, ENTRY]))

    assert first == Delivered()
    assert second != Delivered()
