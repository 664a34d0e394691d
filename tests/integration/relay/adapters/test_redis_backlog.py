"""The index in Redis. Its contract is in `test_outbox_contract.py`; here are size and trouble."""

import pytest
from redis.asyncio import Redis

from relay.adapters import redis_backlog
from relay.adapters.redis_backlog import RedisBacklog
from relay.core import keys
from relay.core.delivery import DeliveryState
from relay.core.errors import StoreUnavailable
from relay.engine.sweep import Waiting


async def test_while_nothing_is_marked_it_costs_one_command(redis: Redis) -> None:
    backlog = RedisBacklog(redis)
    await backlog.waiting()
    before = (await redis.info("stats"))["total_commands_processed"]
    assert await backlog.waiting() == []

    assert (await redis.info("stats"))["total_commands_processed"] - before == 2  # itself and the second INFO


async def test_more_outboxes_than_are_asked_about_at_once_are_all_found(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_backlog, "AT_ONCE", 2)
    names = [f"site-{number}" for number in range(5)]
    for number, name in enumerate(names):
        await redis.zadd(keys.BACKLOG, {name: number})
        for _ in range(number):
            await redis.xadd(keys.outbox(name), {"p": "1"})
    await redis.set(keys.lease("site-3"), "t1")
    await redis.hset(keys.delivery("site-4"), mapping={"state": "parked", "next_attempt_ms": "99"})

    assert await RedisBacklog(redis).waiting() == [
        Waiting("site-0", 0, 0, False, DeliveryState.UP, 0),
        Waiting("site-1", 1, 1, False, DeliveryState.UP, 0),
        Waiting("site-2", 2, 2, False, DeliveryState.UP, 0),
        Waiting("site-3", 3, 3, True, DeliveryState.UP, 0),
        Waiting("site-4", 4, 4, False, DeliveryState.PARKED, 99),
    ]


async def test_a_mark_in_real_milliseconds_is_compared_exactly(redis: Redis) -> None:
    backlog = RedisBacklog(redis)
    await redis.zadd(keys.BACKLOG, {"acme": 1_800_000_000_124})
    await backlog.clear("acme", marked_at_ms=1_800_000_000_123)
    assert await redis.zscore(keys.BACKLOG, "acme") == 1_800_000_000_124
    await backlog.clear("acme", marked_at_ms=1_800_000_000_124)

    assert await redis.zscore(keys.BACKLOG, "acme") is None


@pytest.mark.parametrize("call", ["waiting", "clear"])
async def test_trouble_is_our_error(redis: Redis, call: str) -> None:
    backlog = RedisBacklog(redis)
    await redis.set(keys.BACKLOG, "not a sorted set")
    with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
        await (backlog.waiting() if call == "waiting" else backlog.clear("acme", marked_at_ms=1))
