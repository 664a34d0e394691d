"""Retention in Redis: ages, which only Redis' own clock tells; limits that became smaller; whose turn it is."""

import time
from collections.abc import Mapping

import pytest
from redis.asyncio import Redis

from relay.adapters import redis_retention
from relay.adapters.redis_append import RedisAppender
from relay.adapters.redis_backlog import mark
from relay.adapters.redis_drain import RedisDrain
from relay.adapters.redis_retention import RedisRetention
from relay.core import keys
from relay.core.errors import StoreUnavailable
from relay.core.limits import DAY_MS, Limits, LossReason, Part
from relay.core.outbox import DEFAULT_LIMITS, BatchLimits
from relay.engine.ports import Batch
from tests.support.clock import ManualClock
from tests.support.fakes import incoming
from tests.support.streams import entries, payloads_in

WEEK = Limits(max_events=1000, max_bytes=100_000, max_age_ms=7 * DAY_MS)


def retention(redis: Redis, waiting: Limits = WEEK, dead: Limits = WEEK) -> RedisRetention:
    return RedisRetention(redis, {Part.WAITING: waiting, Part.DEAD: dead})


async def hold(redis: Redis, key: str, *days: float) -> None:
    """Put in events of three bytes that are so many days old."""
    now_ms = round(time.time() * 1000)
    for number, each in enumerate(days):
        await redis.xadd(
            key, {"p": "1", "k": "messaging", "d": str(each)[:3]}, id=f"{round(now_ms - each * DAY_MS)}-{number}"
        )


async def losses(redis: Redis, outbox: str) -> Mapping[bytes, bytes]:
    found: dict[bytes, bytes] = dict(await redis.hgetall(keys.losses(outbox)))  # type: ignore[arg-type]  # undecoded
    return found


class TestAge:
    @pytest.mark.parametrize("outbox", ["acme", "~22"])
    async def test_what_is_older_than_its_limit_goes_and_is_counted_with_the_time(
        self, redis: Redis, outbox: str
    ) -> None:
        await hold(redis, keys.outbox(outbox), 9.0, 7.1, 6.9, 0.5)
        before_ms = round(time.time() * 1000)
        trimmed = await retention(redis).trim(outbox, Part.WAITING)
        found = await losses(redis, outbox)

        assert (trimmed.lost, trimmed.more) == ({LossReason.AGE: 2}, False)
        assert await payloads_in(redis, keys.outbox(outbox)) == [b"6.9", b"0.5"]
        assert found[b"age"] == b"2"
        assert before_ms - 1 <= int(found[b"age:ms"]) <= before_ms + 60_000

    async def test_dead_letters_have_their_own(self, redis: Redis) -> None:
        for key in (keys.outbox("acme"), keys.dead("acme")):
            await hold(redis, key, 31.0, 29.0)
        month = Limits(1000, 100_000, 30 * DAY_MS)
        trimmed = await retention(redis, month, month).trim("acme", Part.DEAD)

        assert trimmed.lost == {LossReason.DEAD_AGE: 1}
        assert await payloads_in(redis, keys.dead("acme")) == [b"29."]
        assert await redis.xlen(keys.outbox("acme")) == 2

    async def test_a_batch_on_its_way_stays_however_old(self, redis: Redis) -> None:
        await hold(redis, keys.outbox("acme"), 9.0, 8.5, 8.0)
        drain = RedisDrain(redis, clock=ManualClock())
        await drain.claim("acme", token="t1")
        await drain.next_batch("acme", token="t1", done=None, limits=BatchLimits(2, 1000))
        await retention(redis).trim("acme", Part.WAITING)

        assert await payloads_in(redis, keys.outbox("acme")) == [b"9.0", b"8.5"]

    async def test_where_nothing_is_too_old_nothing_is_written(self, redis: Redis) -> None:
        await hold(redis, keys.outbox("acme"), 6.0)
        trimmed = await retention(redis).trim("acme", Part.WAITING)

        assert (trimmed.lost, trimmed.more) == ({}, False)
        assert await redis.keys("*") == [keys.outbox("acme").encode()]


class TestSteps:
    async def test_limits_that_became_smaller_are_reached_in_bounded_steps(self, redis: Redis) -> None:
        appender = RedisAppender(redis, clock=ManualClock())
        await appender.append({"acme": incoming("1", *map(str, range(2500)))}, token="")
        small = retention(redis, Limits(100, 100_000, DAY_MS))
        steps = [await small.trim("acme", Part.WAITING) for _ in range(3)]

        assert [step.lost for step in steps] == [{LossReason.OVERFLOW_EVENTS: each} for each in (1000, 1000, 400)]
        assert [step.more for step in steps] == [True, True, False]
        assert (await payloads_in(redis, keys.outbox("acme")))[0] == b'"2400"'
        assert await redis.hget(keys.delivery("acme"), "waiting_bytes") == b"600"

    async def test_a_full_redis_still_lets_events_go(self, redis: Redis) -> None:
        """They are the ones in whose place there would be room."""
        await hold(redis, keys.outbox("acme"), 9.0, 1.0)
        await redis.config_set("maxmemory", 1)
        trimmed = await retention(redis).trim("acme", Part.WAITING)

        assert trimmed.lost == {LossReason.AGE: 1}
        assert (await losses(redis, "acme"))[b"age"] == b"1"


class TestTurns:
    async def test_one_begins_and_the_others_do_not(self, redis: Redis) -> None:
        assert await retention(redis).begin(for_s=60)
        assert not await retention(redis).begin(for_s=60)
        assert 0 < await redis.pttl(keys.RETENTION) <= 60_000


class TestIndexes:
    async def test_outboxes_are_those_that_are_marked(self, redis: Redis) -> None:
        await redis.zadd(keys.BACKLOG, {"acme": 0, "~22": 5})
        await redis.zadd(keys.DEAD_LETTERS, {"beta": 0})

        assert sorted(await retention(redis).outboxes(Part.WAITING)) == ["acme", "~22"]
        assert await retention(redis).outboxes(Part.DEAD) == ["beta"]

    async def test_an_outbox_without_dead_letters_is_forgotten_at_the_second_look(
        self, redis: Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await redis.zadd(keys.DEAD_LETTERS, {"acme": 0, "beta": 0})
        await hold(redis, keys.dead("beta"), 0.0)
        await retention(redis).outboxes(Part.DEAD)
        await retention(redis).outboxes(Part.DEAD)
        assert set(await redis.zrange(keys.DEAD_LETTERS, 0, -1)) == {b"acme", b"beta"}
        monkeypatch.setattr(redis_retention, "SECOND_LOOK_AFTER_S", 0.0)
        await retention(redis).outboxes(Part.DEAD)

        assert await redis.zrange(keys.DEAD_LETTERS, 0, -1) == [b"beta"]

    async def test_a_mark_between_the_looks_keeps_it(self, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(redis_retention, "SECOND_LOOK_AFTER_S", 0.0)
        await redis.zadd(keys.DEAD_LETTERS, {"acme": 0})
        await retention(redis).outboxes(Part.DEAD)
        await mark(redis, "acme", index=keys.DEAD_LETTERS)
        await retention(redis).outboxes(Part.DEAD)

        assert await redis.zrange(keys.DEAD_LETTERS, 0, -1) == [b"acme"]

    async def test_an_unclaimed_page_that_lost_something_is_remembered(self, redis: Redis) -> None:
        for outbox in ("acme", "~22", "~33"):
            await hold(redis, keys.outbox(outbox), 9.0 if outbox != "~33" else 1.0)
            await retention(redis).trim(outbox, Part.WAITING)

        assert await redis.zrange(keys.LOSSES, 0, -1) == [b"~22"]


async def test_counts_that_disagree_with_the_outbox_agree_again_when_all_of_it_is_seen(redis: Redis) -> None:
    # Somebody deleted a stream by hand, or events are older than the counting.
    await redis.hset(keys.delivery("acme"), "waiting_bytes", "999999")
    await hold(redis, keys.outbox("acme"), 1.0)
    drain = RedisDrain(redis, clock=ManualClock())
    await drain.claim("acme", token="t1")
    assert isinstance(await drain.next_batch("acme", token="t1", done=None, limits=DEFAULT_LIMITS), Batch)

    assert await redis.hget(keys.delivery("acme"), "waiting_bytes") == b"3"
    assert (await entries(redis, keys.outbox("acme")))[0][1][b"d"] == b"1.0"


async def test_a_count_that_is_far_too_high_costs_the_first_event_of_an_empty_outbox_nothing(redis: Redis) -> None:
    await redis.hset(keys.delivery("acme"), "waiting_bytes", "999999")
    appender = RedisAppender(redis, clock=ManualClock(), limits=WEEK)
    await appender.append({"acme": incoming("1", "a")}, token="")

    assert await payloads_in(redis, keys.outbox("acme")) == [b'"a"']
    assert await redis.hget(keys.delivery("acme"), "waiting_bytes") == b"3"


async def test_trouble_is_our_error(redis: Redis) -> None:
    store = retention(redis)
    await redis.set(keys.outbox("acme"), "not a stream")
    await redis.set(keys.BACKLOG, "not a sorted set")
    with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
        await store.outboxes(Part.WAITING)
    with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
        await store.trim("acme", Part.WAITING)
    await redis.config_set("maxmemory", 1)
    with pytest.raises(StoreUnavailable, match=r"OutOfMemory|OOM"):
        await store.begin(for_s=1)
