"""What Redis alone can do wrong while events are appended. The contract itself is in `test_append_contract.py`."""

import pytest
from redis.asyncio import Redis

from relay.adapters.redis_append import MARK_AGAIN_AFTER_S, RedisAppender
from relay.adapters.redis_backlog import LOOK_NOW
from relay.core import keys
from relay.core.errors import StoreUnavailable
from relay.core.lease import LEASE_TTL_MS
from tests.support.clock import ManualClock
from tests.support.fakes import incoming, payloads
from tests.support.outbox_stores import taken_by
from tests.support.streams import entries, payloads_in


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def appender(redis: Redis, clock: ManualClock) -> RedisAppender:
    return RedisAppender(redis, clock=clock)


async def test_an_event_is_stored_with_page_kind_and_item(redis: Redis, appender: RedisAppender) -> None:
    await appender.append({"acme": incoming("1122", "a")}, token="t1")
    ((entry_id, fields),) = await entries(redis, keys.outbox("acme"))

    assert fields == {b"p": b"1122", b"k": b"messaging", b"d": b'"a"'}
    assert entry_id.count("-") == 1


async def test_the_lease_holds_the_token_and_runs_out_by_itself(redis: Redis, appender: RedisAppender) -> None:
    await appender.append({"acme": incoming("1", "a")}, token="t1")

    assert await redis.get(keys.lease("acme")) == b"t1"
    assert 0 < await redis.pttl(keys.lease("acme")) <= LEASE_TTL_MS


async def test_a_lease_that_is_held_is_neither_taken_nor_prolonged(redis: Redis, appender: RedisAppender) -> None:
    await redis.set(keys.lease("acme"), "other", px=500)
    await appender.append({"acme": incoming("1", "a")}, token="t1")

    assert await redis.get(keys.lease("acme")) == b"other"
    assert await redis.pttl(keys.lease("acme")) <= 500


async def test_a_redis_that_lost_its_scripts_gets_them_anew(redis: Redis, appender: RedisAppender) -> None:
    for text in ("a", "b"):
        await redis.script_flush()
        answer = await appender.append({"acme": incoming("1", text), "~2": incoming("2", text)}, token=f"t-{text}")
        assert taken_by("acme", answer).leased is (text == "a")

    assert await payloads_in(redis, keys.outbox("acme")) == payloads("a", "b")
    assert await payloads_in(redis, keys.outbox("~2")) == payloads("a", "b")


class TestMarks:
    async def test_the_first_append_marks_the_outbox_before_anything_else(
        self, redis: Redis, appender: RedisAppender
    ) -> None:
        await appender.append({"acme": incoming("1", "a")}, token="t1")

        assert await redis.zscore(keys.BACKLOG, "acme") == LOOK_NOW

    async def test_a_mark_is_trusted_for_some_seconds_and_then_set_anew(
        self, redis: Redis, appender: RedisAppender, clock: ManualClock
    ) -> None:
        for seconds in (0.0, MARK_AGAIN_AFTER_S, 0.001):
            clock.advance(seconds)
            await appender.append({"acme": incoming("1", "a")}, token="t1")
            if not seconds:
                await redis.zrem(keys.BACKLOG, "acme")
            elif seconds == MARK_AGAIN_AFTER_S:
                assert await redis.zscore(keys.BACKLOG, "acme") is None

        assert await redis.zscore(keys.BACKLOG, "acme") == LOOK_NOW

    async def test_a_clock_that_begins_at_nothing_is_as_good_as_any(self, redis: Redis) -> None:
        await RedisAppender(redis, clock=ManualClock(0.0)).append({"acme": incoming("1", "a")}, token="t1")

        assert await redis.zscore(keys.BACKLOG, "acme") == LOOK_NOW

    async def test_a_mark_that_could_not_be_set_is_no_promise_and_is_tried_again(
        self, redis: Redis, appender: RedisAppender
    ) -> None:
        # Whatever the reason: an event without a mark would be found by no sweep.
        await redis.set(keys.BACKLOG, "not a sorted set")
        with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
            await appender.append({"acme": incoming("1", "a")}, token="t1")
        await redis.delete(keys.BACKLOG)
        await appender.append({"acme": incoming("1", "a")}, token="t2")

        assert await redis.zscore(keys.BACKLOG, "acme") is not None


class TestNoPromise:
    async def test_a_full_redis_stores_nothing(self, redis: Redis, appender: RedisAppender) -> None:
        await redis.config_set("maxmemory", 1)
        with pytest.raises(StoreUnavailable, match=r"OutOfMemory|OOM"):
            await appender.append({"acme": incoming("1", "a"), "beta": incoming("2", "b")}, token="t1")
        await redis.config_set("maxmemory", 0)

        assert await redis.keys("relay:*") == []
        await appender.append({"acme": incoming("1", "c")}, token="t1")
        assert await payloads_in(redis, keys.outbox("acme")) == payloads("c")
        assert await redis.zscore(keys.BACKLOG, "acme") is not None

    async def test_a_full_redis_that_knows_the_script_stores_nothing_either(
        self, redis: Redis, appender: RedisAppender
    ) -> None:
        await appender.append({"acme": incoming("1", "a")}, token="t1")
        await redis.config_set("maxmemory", 1)
        with pytest.raises(StoreUnavailable, match=r"OutOfMemory|OOM"):
            await appender.append({"acme": incoming("1", "b")}, token="t1")

        assert await payloads_in(redis, keys.outbox("acme")) == payloads("a")

    async def test_a_read_only_redis_stores_nothing(self, redis: Redis, appender: RedisAppender) -> None:
        await redis.replicaof("127.0.0.1", "1")
        try:
            with pytest.raises(StoreUnavailable, match=r"(?i)read.?only"):
                await appender.append({"acme": incoming("1", "a")}, token="t1")
        finally:
            await redis.replicaof("NO", "ONE")

        assert await redis.keys("relay:*") == []

    async def test_one_outbox_that_fails_says_so_and_costs_the_others_nothing(
        self, redis: Redis, appender: RedisAppender
    ) -> None:
        await redis.set(keys.outbox("beta"), "not a stream")
        answers = await appender.append({"acme": incoming("1", "a"), "beta": incoming("2", "b" * 99)}, token="t1")
        failed = answers["beta"]

        assert taken_by("acme", answers).leased
        assert await payloads_in(redis, keys.outbox("acme")) == payloads("a")
        assert isinstance(failed, StoreUnavailable)
        assert "WRONGTYPE" in str(failed)
        assert "bbb" not in str(failed)

    async def test_the_only_outbox_that_fails_is_raised(self, redis: Redis, appender: RedisAppender) -> None:
        await redis.set(keys.outbox("beta"), "not a stream")
        for _ in range(2):  # with its mark and without
            with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
                await appender.append({"beta": incoming("2", "b")}, token="t1")
