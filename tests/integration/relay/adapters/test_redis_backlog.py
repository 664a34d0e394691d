"""The index in Redis. Its contract is in `test_index_contract.py`; here are size, cost, leadership and trouble."""

from typing import Any

import pytest
from redis.asyncio import Redis

from relay.adapters import redis_backlog
from relay.adapters.redis_backlog import SWEEPER_TTL_MS, TAKEN_FOR_MS, RedisBacklog, mark
from relay.core import keys
from relay.core.delivery import DeliveryState
from relay.core.errors import StoreUnavailable
from relay.engine.sweep import SWEEP_EVERY_S, Rank, Taken, Waiting
from relay.engine.sweeper import STANDBY_EVERY_S
from tests.support.command_count import commands_sent
from tests.support.redis_clock import redis_now_ms


async def take(backlog: RedisBacklog, rank: Rank = Rank.WORKER, name: str = "1") -> Taken:
    """Take what is due, which must be this process's to take."""
    taken = await backlog.take(rank, name)
    assert taken is not None
    return taken


class TestTaking:
    async def test_more_outboxes_than_are_taken_at_once_come_in_turn(
        self, redis: Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(redis_backlog, "AT_ONCE", 2)
        for number in range(5):
            await redis.zadd(keys.BACKLOG, {f"site-{number}": number})
        backlog = RedisBacklog(redis)
        taken = [await take(backlog) for _ in range(4)]

        assert [[each.outbox for each in turn.outboxes] for turn in taken] == [
            ["site-0", "site-1"],
            ["site-2", "site-3"],
            ["site-4"],
            [],
        ]
        assert [turn.more for turn in taken] == [True, True, False, False]

    async def test_each_is_told_as_it_stands(self, redis: Redis) -> None:
        now_ms = await redis_now_ms(redis)
        await redis.zadd(keys.BACKLOG, {"~7": 0, "up": 1, "leased": 2, "parked": now_ms, "ahead": now_ms + 60_000})
        for name in ("~7", "leased", "leased"):
            await redis.xadd(keys.outbox(name), {"p": "1"})
        await redis.set(keys.lease("leased"), "t1", px=5000)
        await redis.hset(keys.delivery("parked"), mapping={"state": "parked", "next_attempt_ms": "99"})
        found = {each.outbox: each for each in (await take(RedisBacklog(redis))).outboxes}

        leased = found.pop("leased")
        assert (leased.planned_ms, leased.events) == (2, 2)
        assert 4000 < leased.lease_ms <= 5000
        assert list(found.values()) == [
            Waiting("~7", 0, 1, 0, DeliveryState.UP, 0),
            Waiting("up", 1, 0, 0, DeliveryState.UP, 0),
            Waiting("parked", now_ms, 0, 0, DeliveryState.PARKED, 99),
        ]

    async def test_what_a_dead_sweeper_took_comes_again(self, redis: Redis) -> None:
        await mark(redis, "acme")
        backlog = RedisBacklog(redis)
        taken = await take(backlog)
        assert taken.until_ms == taken.now_ms + TAKEN_FOR_MS
        assert (await take(backlog)).outboxes == []
        await redis.zadd(keys.BACKLOG, {"acme": taken.now_ms})  # the time passes
        (again,) = (await take(backlog)).outboxes

        assert again.planned_ms == taken.now_ms

    async def test_the_clock_is_that_of_redis(self, redis: Redis) -> None:
        before = await redis_now_ms(redis)
        taken = await take(RedisBacklog(redis))

        assert before <= taken.now_ms <= await redis_now_ms(redis)


class TestPlanning:
    async def test_what_was_marked_since_is_left_alone(self, redis: Redis) -> None:
        for name in ("kept", "forgotten", "marked", "marked and forgotten"):
            await mark(redis, name)
        backlog = RedisBacklog(redis)
        taken = await take(backlog)
        for name in ("marked", "marked and forgotten"):
            await mark(redis, name)
        again_ms = 1_800_000_000_123
        await backlog.plan(
            taken,
            {"kept": again_ms, "forgotten": None, "marked": again_ms, "marked and forgotten": None, "never": again_ms},
        )

        planned: Any = await redis.zrange(keys.BACKLOG, 0, -1, withscores=True)
        assert dict(planned) == {
            b"kept": again_ms,
            b"marked": 0,
            b"marked and forgotten": 0,
        }


class TestTheSweeper:
    async def test_one_process_sweeps_until_it_stops_doing_so(self, redis: Redis) -> None:
        first, second = RedisBacklog(redis), RedisBacklog(redis)
        await take(first, name="1")
        for _ in range(2):
            assert await second.take(Rank.WORKER, "2") is None
        assert 0 < await redis.pttl(keys.SWEEPER) <= SWEEPER_TTL_MS
        await redis.delete(keys.SWEEPER)  # the time passes
        await take(second, name="2")

        assert await first.take(Rank.WORKER, "1") is None

    async def test_who_sweeps_stays_it_for_as_long_as_it_sweeps(self, redis: Redis) -> None:
        assert SWEEPER_TTL_MS >= 3 * SWEEP_EVERY_S * 1000
        backlog = RedisBacklog(redis)
        await take(backlog)
        await redis.set(keys.SWEEPER, b"worker:1:1", px=50)  # renewed long ago
        await take(backlog)

        assert await redis.pttl(keys.SWEEPER) > 50

    async def test_a_worker_takes_over_from_a_web_process_also_when_it_stood_by(self, redis: Redis) -> None:
        web, worker, other = RedisBacklog(redis), RedisBacklog(redis), RedisBacklog(redis)
        await take(worker, Rank.WORKER, "1")
        assert await other.take(Rank.WORKER, "2") is None
        await redis.delete(keys.SWEEPER)
        await take(web, Rank.WEB, "3")
        await take(other, Rank.WORKER, "2")

        assert await web.take(Rank.WEB, "3") is None


class TestCost:
    async def test_while_nothing_is_due_it_is_one_command(self, redis: Redis) -> None:
        now_ms = await redis_now_ms(redis)
        await redis.zadd(keys.BACKLOG, {f"site-{number}": now_ms + 600_000 for number in range(2000)})
        backlog = RedisBacklog(redis)
        await take(backlog)
        async with commands_sent(redis) as sent:
            await take(backlog)

        assert sent == ["EVALSHA"]

    async def test_to_stand_by_is_one_plain_command(self, redis: Redis) -> None:
        await take(RedisBacklog(redis))
        other = RedisBacklog(redis)
        await other.take(Rank.WORKER, "2")
        async with commands_sent(redis) as sent:
            assert await other.take(Rank.WORKER, "2") is None

        assert sent == ["GET"]
        assert STANDBY_EVERY_S > SWEEP_EVERY_S


class TestTrouble:
    async def test_a_full_redis_is_swept_all_the_same(self, redis: Redis) -> None:
        """Only draining makes room again."""
        await mark(redis, "acme")
        await redis.config_set("maxmemory", 1)
        backlog = RedisBacklog(redis)
        taken = await take(backlog)
        await backlog.plan(taken, {"acme": taken.now_ms + 1})
        await mark(redis, "beta")

        assert [each.outbox for each in taken.outboxes] == ["acme"]
        assert await redis.zscore(keys.BACKLOG, "beta") == 0

    @pytest.mark.parametrize("call", ["take", "plan"])
    async def test_trouble_is_our_error(self, redis: Redis, call: str) -> None:
        backlog = RedisBacklog(redis)
        await redis.set(keys.BACKLOG, "not a sorted set")
        with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
            await (backlog.take(Rank.WEB, "1") if call == "take" else backlog.plan(Taken(0, 1, []), {"acme": 1}))
