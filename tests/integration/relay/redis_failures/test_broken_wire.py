"""The network between relay and Redis breaks where it hurts most: in the middle of a script, or after its effect.

Nobody can know then whether an event is stored. The relay asks again, or answers 503 and Meta does: events may come
twice, none is lost, and none overtakes another.
"""

import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from relay.adapters import redis_clients
from relay.core import keys
from tests.support.chatter import META_GETS_ITS_ANSWER_WITHIN_S, Conversation
from tests.support.own_redis import OwnRedis
from tests.support.stage import SHORT_LEASE_S, Stage, stage
from tests.support.waiting import process_does, soon
from tests.support.wire import Wire, wire_to


@pytest.fixture
def server() -> Iterator[OwnRedis]:
    with OwnRedis("--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


@pytest.fixture
async def wire(server: OwnRedis) -> AsyncIterator[Wire]:
    async with wire_to(server.socket) as wire:
        yield wire


@pytest.fixture
async def play(wire: Wire, tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(f"redis://{wire.address}", tmp_path, sites=2) as play:
        yield play


async def test_connections_that_break_after_any_number_of_bytes_lose_nothing(play: Stage, wire: Wire) -> None:
    """An append is some hundred bytes here: the wire breaks in each part of it, and in whatever comes after it."""
    async with play.chatting() as chat:
        for length in range(0, 3_000, 61):
            await soon(wire.break_after(length))
            await chat.accepted()
    await chat.delivered(play.sites)


async def test_answers_that_are_lost_after_the_effect_lose_nothing(play: Stage, wire: Wire) -> None:
    async with play.chatting() as chat:
        for _ in range(50):
            await soon(wire.swallow())
            await chat.accepted()
    await chat.delivered(play.sites)


async def test_a_lost_answer_holds_no_site_up(play: Stage, wire: Wire, server: OwnRedis) -> None:
    """The lease that came with it is known by its token; else it would have to run out first."""
    conversation, site = Conversation(play.relay, "1"), play.sites["1"]
    lost: list[float] = []

    async def nobody_drains() -> bool:
        return not await redis.exists(keys.lease("s1"))

    async with aclosing(redis_clients.open_async(server.url)) as redis:
        for number in range(20):
            await process_does(nobody_drains)
            wire.swallows = 1
            started = time.monotonic()
            assert await conversation.offer(f"1-{number}") == 200
            await site.has(len(site.texts) + 1)
            lost.append(time.monotonic() - started)

    assert statistics.median(lost) < SHORT_LEASE_S / 2


async def test_when_every_connection_breaks_at_once_everything_goes_on(play: Stage, wire: Wire) -> None:
    async with play.chatting() as chat:
        for _ in range(10):
            wire.cut()
            await chat.accepted()
    await chat.delivered(play.sites)


async def test_a_wire_that_swallows_everything_for_a_while_costs_meta_no_patience(play: Stage, wire: Wire) -> None:
    """As behind a firewall that forgot us: nobody hears anything, and nothing breaks."""
    async with play.chatting() as chat:
        wire.hang()
        await chat.refused()
        wire.flow()
        await chat.accepted()
    await chat.delivered(play.sites)

    assert chat.refusals == {503}
    assert chat.slowest_s < META_GETS_ITS_ANSWER_WITHIN_S
