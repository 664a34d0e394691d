"""Processes that stand still in the middle of a change, on a real Redis; what holds is said in the unit test."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from relay.adapters import redis_clients
from relay.adapters.redis_changes import RedisChanges
from relay.adapters.replies import text
from relay.core import keys
from relay.engine.rebinding import ChangeLog
from tests.support.outbox_stores import Store, redis_store
from tests.support.redis_server import RedisServer
from tests.support.stalling import Action, History, Process, Stalling
from tests.support.strategies import STALLED_CHANGES


def new_history(redis: Redis) -> History:
    """Make one on a real Redis, whose processes stop before and after every command that they send it."""

    def stalled(process: Process) -> tuple[Store, ChangeLog]:
        client: Any = Stalling(redis, process)
        return redis_store(client), RedisChanges(client)

    async def grow_stale() -> None:
        for page, record in (await redis.hgetall(keys.CHANGES)).items():
            await redis.hset(keys.CHANGES, text(page), "1 " + text(record).partition(" ")[2])

    return History(redis_store(redis), RedisChanges(redis), grow_stale=grow_stale, stalled=stalled)


@given(st.lists(STALLED_CHANGES, max_size=40))
@settings(max_examples=40)
def test_whatever_stands_still_and_wakes_the_page_stays_whole(redis_server: RedisServer, actions: list[Action]) -> None:
    async def play() -> None:
        redis_server.clear()
        client = redis_clients.open_async(redis_server.url)
        history = new_history(client)
        await history.play(*actions)
        await history.come_to_rest()
        await client.aclose()

    asyncio.run(play())


async def test_a_page_that_an_earlier_release_left_fenced_everywhere_is_mended(redis: Redis) -> None:
    await redis.sadd(keys.fenced("~1"), "1")
    history = new_history(redis)

    assert not await history.offer(0)
    await history.come_to_rest()
