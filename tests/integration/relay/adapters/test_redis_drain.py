"""What Redis keeps of a drain. The contract itself is in `test_drain_contract.py`."""

from collections.abc import Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from relay.adapters.redis_append import RedisAppender
from relay.adapters.redis_drain import RedisDrain
from relay.core import keys
from relay.core.errors import StoreUnavailable
from relay.core.lease import LEASE_TTL_MS
from relay.core.outbox import DEFAULT_LIMITS
from relay.engine.ports import Acknowledged, Batch, Parked, Step
from shared.wire import Rejection
from tests.support.clock import NOON, ManualClock
from tests.support.fakes import incoming
from tests.support.outbox_stores import failures_of
from tests.support.redis_clock import redis_now_ms, redis_passes
from tests.support.streams import entries

NOW_MS = str(round(NOON * 1000)).encode()
WAIT_S = 600.0


@pytest.fixture
def drain(redis: Redis) -> RedisDrain:
    return RedisDrain(redis, clock=ManualClock())


async def first_batch(redis: Redis, drain: RedisDrain, *texts: str) -> Batch:
    """Append events and take them under the lease t1."""
    await RedisAppender(redis, clock=ManualClock()).append({"acme": incoming("1122", *texts)}, token="t1")
    batch = await drain.next_batch("acme", token="t1", done=None, limits=DEFAULT_LIMITS)
    assert isinstance(batch, Batch)
    return batch


async def delivery(redis: Redis) -> dict[bytes, bytes]:
    """Return the state of delivery, without what is counted beside it for the limits."""
    found: dict[bytes, bytes] = dict(await redis.hgetall(keys.delivery("acme")))  # type: ignore[arg-type]  # undecoded
    return {name: value for name, value in found.items() if name not in {b"waiting_bytes", b"dead_bytes", b"flight_to"}}


@pytest.mark.parametrize("step", ["claim", "next", "extend"])
async def test_whoever_works_keeps_the_lease_for_its_full_time(redis: Redis, drain: RedisDrain, step: str) -> None:
    if step == "claim":
        assert await drain.claim("acme", token="t1")
    else:
        await first_batch(redis, drain, "a")
        await redis.pexpire(keys.lease("acme"), 100)
        if step == "next":
            await drain.next_batch("acme", token="t1", done=None, limits=DEFAULT_LIMITS)
        else:
            assert await drain.extend("acme", token="t1") is Step.HELD

    assert LEASE_TTL_MS - 1000 < await redis.pttl(keys.lease("acme")) <= LEASE_TTL_MS


async def test_a_dead_letter_keeps_everything_of_the_event_and_why(redis: Redis, drain: RedisDrain) -> None:
    batch = await first_batch(redis, drain, "a", "b")
    rejected = [Rejection(batch.entries[1].id, "reason\nwith \u00e4")]
    await drain.release("acme", token="t1", done=Acknowledged(batch.entries, rejected))
    ((_, fields),) = await entries(redis, keys.dead("acme"))

    assert fields == {
        b"p": b"1122",
        b"k": b"messaging",
        b"d": b'"b"',
        b"id": batch.entries[1].id.encode(),
        b"why": "reason\nwith \u00e4".encode(),
    }


async def test_success_is_counted_and_dated(redis: Redis, drain: RedisDrain) -> None:
    batch = await first_batch(redis, drain, "a", "b", "c")
    done = Acknowledged(batch.entries, [Rejection(batch.entries[0].id, "odd")])
    await drain.next_batch("acme", token="t1", done=done, limits=DEFAULT_LIMITS)

    assert await delivery(redis) == {b"delivered": b"2", b"last_success_ms": NOW_MS}


async def test_a_failure_is_written_down_for_the_operators(redis: Redis, drain: RedisDrain) -> None:
    await first_batch(redis, drain, "a")
    before_ms = await redis_now_ms(redis)
    await drain.park("acme", token="t1", wait_s=WAIT_S, reason="the site answered 500")
    await redis_passes(redis, await redis_now_ms(redis))
    await drain.claim("acme", token="t2")
    parked = await drain.park("acme", token="t2", wait_s=WAIT_S, reason="no answer within 20 s", refused="1-0")
    left = await delivery(redis)
    since_ms, last_error_ms = (int(left.pop(name)) for name in (b"parked_since_ms", b"last_error_ms"))

    assert isinstance(parked, Parked)
    assert left == {
        b"state": b"parked",
        b"failures": b"2",
        b"next_attempt_ms": str(parked.next_attempt_ms).encode(),
        b"last_error": b"no answer within 20 s",
        b"refused_id": b"1-0",
        b"refused_times": b"1",
    }
    assert before_ms <= since_ms < last_error_ms == parked.next_attempt_ms - round(WAIT_S * 1000)
    assert await redis.get(keys.lease("acme")) is None


async def test_a_batch_that_gets_through_ends_the_outage(redis: Redis, drain: RedisDrain) -> None:
    await first_batch(redis, drain, "a")
    await drain.park("acme", token="t1", wait_s=WAIT_S, reason="away")
    await drain.claim("acme", token="t2")
    batch = await drain.next_batch("acme", token="t2", done=None, limits=DEFAULT_LIMITS)
    assert isinstance(batch, Batch)
    await drain.release("acme", token="t2", done=Acknowledged(batch.entries))
    left = await delivery(redis)

    assert (left[b"state"], left[b"failures"]) == (b"up", b"0")
    assert b"next_attempt_ms" not in left
    assert b"parked_since_ms" not in left
    assert left[b"last_error"] == b"away"


async def test_a_paused_site_has_no_next_attempt(redis: Redis, drain: RedisDrain) -> None:
    await first_batch(redis, drain, "a")
    await drain.park("acme", token="t1", wait_s=WAIT_S, reason="away")
    await drain.claim("acme", token="t2")
    await drain.park("acme", token="t2", wait_s=None, reason="410")

    left = await delivery(redis)
    assert left[b"state"] == b"paused"
    assert b"next_attempt_ms" not in left


async def test_handing_in_twice_counts_and_loses_nothing_more(redis: Redis, drain: RedisDrain) -> None:
    # An answer of Redis that is lost makes the client ask again.
    batch = await first_batch(redis, drain, "a")
    await RedisAppender(redis, clock=ManualClock()).append({"acme": incoming("1", "b")}, token="")
    done = Acknowledged(batch.entries, [Rejection(batch.entries[0].id, "odd")])
    first = await drain.next_batch("acme", token="t1", done=done, limits=DEFAULT_LIMITS)
    second = await drain.next_batch("acme", token="t1", done=done, limits=DEFAULT_LIMITS)

    assert first == second
    assert len(await entries(redis, keys.dead("acme"))) == 1


async def test_ids_at_the_end_of_a_millisecond_are_cut_at_the_right_place(redis: Redis, drain: RedisDrain) -> None:
    for entry_id in ("5-9", "5-10", "5-11", "10-0"):
        await redis.xadd(keys.outbox("acme"), {"p": "1", "k": "messaging", "d": entry_id}, id=entry_id)
    await drain.claim("acme", token="t1")
    batch = await drain.next_batch("acme", token="t1", done=None, limits=DEFAULT_LIMITS)
    assert isinstance(batch, Batch)
    rest = await drain.next_batch("acme", token="t1", done=Acknowledged(batch.entries[:2]), limits=DEFAULT_LIMITS)

    assert isinstance(rest, Batch)
    assert [entry.id for entry in rest.entries] == ["5-11", "10-0"]


async def test_scripts_that_redis_lost_are_sent_again(redis: Redis, drain: RedisDrain) -> None:
    await first_batch(redis, drain, "a")
    await redis.script_flush()
    assert await drain.extend("acme", token="t1") is Step.HELD
    await redis.script_flush()
    assert failures_of(await drain.park("acme", token="t1", wait_s=WAIT_S, reason="away")) == 1


async def test_a_full_redis_still_lets_a_backlog_drain(redis: Redis, drain: RedisDrain) -> None:
    """Out of memory is the very moment in which acknowledged events must be taken off."""
    batch = await first_batch(redis, drain, "a", "b")
    await redis.config_set("maxmemory", 1)
    done = Acknowledged(batch.entries, [Rejection(batch.entries[0].id, "odd")])

    assert await drain.next_batch("acme", token="t1", done=done, limits=DEFAULT_LIMITS) is Step.IDLE
    assert await entries(redis, keys.outbox("acme")) == []
    assert len(await entries(redis, keys.dead("acme"))) == 1


async def test_a_full_redis_still_lets_a_backlog_be_claimed(redis: Redis, drain: RedisDrain) -> None:
    """Nothing but draining makes room again."""
    await redis.config_set("maxmemory", 1)

    assert await drain.claim("acme", token="t1")
    assert not await drain.claim("acme", token="t2")
    assert await redis.get(keys.lease("acme")) == b"t1"


async def test_a_full_redis_still_lets_a_site_be_parked(redis: Redis, drain: RedisDrain) -> None:
    await first_batch(redis, drain, "a")
    await redis.config_set("maxmemory", 1)

    assert failures_of(await drain.park("acme", token="t1", wait_s=WAIT_S, reason="away")) == 1


async def test_redis_away_is_our_error(drain: RedisDrain, redis: Redis) -> None:
    await redis.set(keys.lease("acme"), "t1")
    await redis.set(keys.outbox("acme"), "not a stream")
    with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
        await drain.next_batch("acme", token="t1", done=None, limits=DEFAULT_LIMITS)


class TestARedisThatLostItsLastWrites:
    """A replica took over, or the file was a second old, while a batch was on its way; the new clock is behind."""

    async def accept_below(self, redis: Redis, batch: Batch) -> bytes:
        """Have the new Redis give a new event an id that is lower than the batch's last one."""
        ms = int(batch.entries[-1].id.partition("-")[0])
        await redis.xadd(keys.outbox("acme"), {"p": "1122", "k": "messaging", "d": "new"}, id=f"{ms - 1}-999")
        return b"new"

    async def hand_in(self, drain: RedisDrain, batch: Batch, rejected: Sequence[Rejection] = ()) -> list[bytes]:
        """Acknowledge the batch; returns what comes next."""
        done = Acknowledged(batch.entries, rejected)
        step = await drain.next_batch("acme", token="t1", done=done, limits=DEFAULT_LIMITS)
        return [entry.payload for entry in step.entries] if isinstance(step, Batch) else []

    async def test_an_event_that_nobody_was_handed_stays_when_the_batch_is_gone(
        self, redis: Redis, drain: RedisDrain
    ) -> None:
        batch = await first_batch(redis, drain, "a")
        await redis.delete(keys.outbox("acme"))
        new = await self.accept_below(redis, batch)

        assert await self.hand_in(drain, batch) == [new]

    async def test_it_stays_when_only_the_batchs_end_is_gone_and_what_is_left_of_it_goes(
        self, redis: Redis, drain: RedisDrain
    ) -> None:
        await RedisAppender(redis, clock=ManualClock()).append({"acme": incoming("1122", "a")}, token="t1")
        old = (await entries(redis, keys.outbox("acme")))[0]
        await redis_passes(redis, int(old[0].partition("-")[0]) + 5)
        batch = await first_batch(redis, drain, "b")
        await redis.delete(keys.outbox("acme"))
        await redis.hset(keys.delivery("acme"), "flight_to", "1-0")  # it was written after what was lost
        await redis.xadd(keys.outbox("acme"), dict[Any, Any](old[1]), id=old[0])
        new = await self.accept_below(redis, batch)

        assert await self.hand_in(drain, batch, [Rejection(batch.entries[0].id, "odd")]) == [new]
        assert [fields[b"d"] for _, fields in await entries(redis, keys.dead("acme"))] == [old[1][b"d"]]
        assert int(await redis.hget(keys.delivery("acme"), "waiting_bytes") or 0) == len(new)

    async def test_a_batch_that_is_whole_goes_in_one_call(self, redis: Redis, drain: RedisDrain) -> None:
        batch = await first_batch(redis, drain, "a", "b")
        calls = await script_calls(redis)
        await drain.next_batch("acme", token="t1", done=Acknowledged(batch.entries), limits=DEFAULT_LIMITS)

        assert await script_calls(redis) - calls == 1
        assert await redis.xlen(keys.outbox("acme")) == 0

    async def test_part_of_a_batch_goes_in_one_call_and_handed_in_again_costs_nothing(
        self, redis: Redis, drain: RedisDrain
    ) -> None:
        batch = await first_batch(redis, drain, "a", "b", "c")
        part = Batch(batch.entries[:2], 0)
        calls = await script_calls(redis)

        assert await self.hand_in(drain, part) == [batch.entries[2].payload]
        assert await self.hand_in(drain, part) == [batch.entries[2].payload]
        assert await script_calls(redis) - calls == 2


async def script_calls(redis: Redis) -> int:
    """Count the scripts that were run."""
    found = (await redis.info("commandstats")).get("cmdstat_evalsha", {"calls": 0})
    return int(found["calls"])
