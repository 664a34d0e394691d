"""The HTTP push over a connection that was kept, and that the site closes just as the relay sends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from relay.adapters import push as push_module
from relay.adapters.push import HttpPush
from relay.adapters.push_sessions import PushSessions
from relay.core.delivery import Delivered, Failed
from relay.core.outbox import Entry
from relay.core.permission import Permission, networks_of
from relay.core.site import Site
from shared.site_secret import new_site_secret
from tests.support.peer import peer
from tests.support.waiting import soon

ENTRY = Entry("1800000000000-1", "1122", "messaging", b"{}")
RECEIPT = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"accepted":1}'

Said = Callable[[int, int], bytes | None]
"""What is said to a connection's n-th request, both counted from 0; nothing means to hang up."""


class Recorder:
    """Knows how many requests each connection brought."""

    def __init__(self) -> None:
        self.requests: list[int] = []


@asynccontextmanager
async def pushing_to_one_who_says(said: Said) -> AsyncIterator[tuple[HttpPush, Recorder]]:
    recorder = Recorder()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = len(recorder.requests)
        recorder.requests.append(0)
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            answer = said(connection, recorder.requests[connection])
            recorder.requests[connection] += 1
            if answer is None:
                return
            writer.write(answer)
            if answer != RECEIPT:
                return

    async with peer(handle) as address, PushSessions() as sessions:
        permission = Permission(networks_of(["127.0.0.0/8"]), insecure=True)
        site = Site("acme", f"http://{address}", (new_site_secret(),), 0, permission)

        async def find(_name: str) -> Site:
            return site

        yield HttpPush(sessions, find), recorder


async def test_a_kept_connection_that_is_closed_as_we_send_costs_one_more_request() -> None:
    def closes_what_is_kept(_connection: int, request: int) -> bytes | None:
        return RECEIPT if request == 0 else None

    async with pushing_to_one_who_says(closes_what_is_kept) as (push, site):
        assert [await soon(push.deliver("acme", [ENTRY])) for _ in range(2)] == [Delivered(), Delivered()]

    assert site.requests == [2, 1]


async def test_there_is_never_a_third_request() -> None:
    def answers_once(connection: int, request: int) -> bytes | None:
        return RECEIPT if (connection, request) == (0, 0) else None

    async with pushing_to_one_who_says(answers_once) as (push, site):
        assert await soon(push.deliver("acme", [ENTRY])) == Delivered()
        assert isinstance(await soon(push.deliver("acme", [ENTRY])), Failed)

    assert site.requests == [2, 1]


@pytest.mark.parametrize("begun", [pytest.param(b"H", id="one byte"), pytest.param(RECEIPT[:-3], id="nearly all")])
async def test_an_answer_that_had_begun_is_not_asked_for_again(begun: bytes) -> None:
    def breaks_off(_connection: int, request: int) -> bytes | None:
        return RECEIPT if request == 0 else begun

    async with pushing_to_one_who_says(breaks_off) as (push, site):
        assert await soon(push.deliver("acme", [ENTRY])) == Delivered()
        assert isinstance(await soon(push.deliver("acme", [ENTRY])), Failed)

    assert site.requests == [2]


async def test_a_new_connection_that_is_closed_is_the_sites_failure() -> None:
    async with pushing_to_one_who_says(lambda _connection, _request: None) as (push, site):
        assert isinstance(await soon(push.deliver("acme", [ENTRY])), Failed)

    assert site.requests == [1]


async def test_nor_is_asked_again_who_had_the_batch_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_module, "AGAIN_WITHIN_S", -1.0)

    async with pushing_to_one_who_says(lambda _connection, request: None if request else RECEIPT) as (push, site):
        assert await soon(push.deliver("acme", [ENTRY])) == Delivered()
        assert isinstance(await soon(push.deliver("acme", [ENTRY])), Failed)

    assert site.requests == [2]
