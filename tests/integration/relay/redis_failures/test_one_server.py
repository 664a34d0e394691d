"""One Redis as it really fails: 503 while the promise cannot be kept, nothing lost, nothing out of order, no restart.

Customers write all the time. Whatever got its 200 must reach its site, in order, and Meta must never wait too long.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from redis import Redis

from tests.support.chatter import META_GETS_ITS_ANSWER_WITHIN_S
from tests.support.own_redis import OwnRedis
from tests.support.stage import Stage, stage
from tests.support.waiting import process_does

Happening = Callable[[Redis], object]


@pytest.fixture
def server() -> Iterator[OwnRedis]:
    with OwnRedis("--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


@pytest.fixture
async def play(server: OwnRedis, tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(server.url, tmp_path) as play:
        yield play


@pytest.mark.parametrize(
    ("break_it", "mend_it"),
    [
        pytest.param(
            lambda redis: redis.replicaof("127.0.0.1", "1"),
            lambda redis: redis.replicaof("NO", "ONE"),
            id="READONLY, as a demoted master answers",
        ),
        pytest.param(
            lambda redis: (
                redis.config_set("replica-serve-stale-data", "no"),
                redis.replicaof("127.0.0.1", "1"),
            ),
            lambda redis: redis.replicaof("NO", "ONE"),
            id="MASTERDOWN, as a replica answers that lost its master",
        ),
        pytest.param(
            lambda redis: redis.config_set("maxmemory", 1), lambda redis: redis.config_set("maxmemory", 0), id="OOM"
        ),
        pytest.param(
            lambda redis: redis.config_set("min-replicas-to-write", 1),
            lambda redis: redis.config_set("min-replicas-to-write", 0),
            id="NOREPLICAS, as a master answers whose replicas are away",
        ),
        pytest.param(
            lambda redis: redis.config_set("requirepass", "new"),
            lambda redis: redis.config_set("requirepass", ""),
            id="NOAUTH, as after a password was changed",
        ),
    ],
)
async def test_while_redis_refuses_so_does_the_relay_and_afterwards_everything_goes_on(
    play: Stage, server: OwnRedis, break_it: Happening, mend_it: Happening
) -> None:
    with server.client as operator:
        operator.ping()
        async with play.chatting() as chat:
            break_it(operator)
            operator.client_kill_filter(_type="normal", skipme=True)
            await chat.refused()
            assert not await play.is_ready()
            mend_it(operator)
            await chat.accepted()
            assert await play.is_ready()
        await chat.delivered(play.sites)

    assert chat.refusals == {503}
    assert chat.slowest_s < META_GETS_ITS_ANSWER_WITHIN_S


async def test_a_redis_that_is_killed_and_started_again_loses_nothing(play: Stage, server: OwnRedis) -> None:
    async with play.chatting() as chat:
        for _ in range(3):
            server.kill()
            await chat.refused()
            server.start()
            await chat.accepted(5)
    await chat.delivered(play.sites)

    assert chat.refusals == {503}
    assert chat.slowest_s < META_GETS_ITS_ANSWER_WITHIN_S


async def _says_that_redis_loads(play: Stage) -> bool:
    """Whether `/readyz` says so: a loading Redis answers now and then only, so a single question may time out."""
    async with play.relay.http.get(play.relay.url + "/readyz") as answer:
        return "Redis is loading" in (await answer.json())["redis"]


async def test_a_redis_that_loads_a_large_file_is_waited_for(play: Stage, server: OwnRedis) -> None:
    server.fill()
    async with play.chatting() as chat:
        server.kill()
        await asyncio.to_thread(server.start_slowly)
        await chat.refused()
        await process_does(partial(_says_that_redis_loads, play))
        await chat.accepted()
    await chat.delivered(play.sites)

    assert chat.refusals == {503}


async def test_a_redis_that_hangs_costs_meta_no_patience_and_nothing_is_lost(play: Stage, server: OwnRedis) -> None:
    async with play.chatting() as chat:
        server.freeze()
        await chat.refused(2)  # the first ones of an append that hangs, the next of one that waited behind it
        server.thaw()
        await chat.accepted()
    await chat.delivered(play.sites)

    assert chat.refusals == {503}
    assert chat.slowest_s < META_GETS_ITS_ANSWER_WITHIN_S


async def test_a_redis_that_keeps_forgetting_its_scripts_costs_nothing(play: Stage, server: OwnRedis) -> None:
    with server.client as operator:
        async with play.chatting() as chat:
            for _ in range(30):
                operator.script_flush()
                await chat.accepted()
        await chat.delivered(play.sites)

    assert chat.refusals == set()


async def test_a_redis_that_is_full_for_a_while_lets_its_sites_drain_it(play: Stage, server: OwnRedis) -> None:
    """Only draining makes room again, so it must go on although nothing new fits in."""
    with server.client as operator:
        async with play.chatting() as chat:
            operator.config_set("maxmemory", 1)
            await chat.refused()

            async def drained() -> bool:
                return not any(operator.xlen(f"relay:{{s{page}}}:outbox") for page in play.sites)

            await process_does(drained)
            operator.config_set("maxmemory", 0)
        await chat.delivered(play.sites)
