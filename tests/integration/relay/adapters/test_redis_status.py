"""What operators see of an outbox, read from Redis."""

import pytest
from redis.asyncio import Redis

from relay.adapters import redis_status
from relay.adapters.redis_append import RedisAppender
from relay.adapters.redis_backlog import LOOK_NOW
from relay.adapters.redis_drain import RedisDrain
from relay.adapters.redis_status import RedisStatus
from relay.core import keys
from relay.core.delivery import DeliveryState
from relay.core.errors import StoreUnavailable
from relay.core.limits import Limits, LossReason
from relay.core.outbox import DEFAULT_LIMITS, BatchLimits
from relay.engine.ports import Acknowledged, Batch, Parked, Step
from relay.engine.status import Loss, OutboxStatus
from tests.support.clock import ManualClock
from tests.support.fakes import incoming, payloads
from tests.support.outbox_stores import taken_by
from tests.support.streams import payloads_in


async def test_an_outbox_of_which_nothing_is_known_is_up_and_empty(redis: Redis) -> None:
    (status,) = await RedisStatus(redis).outboxes(["acme"])

    assert status == OutboxStatus(
        outbox="acme",
        state=DeliveryState.UP,
        waiting=0,
        oldest_at_ms=None,
        delivering=False,
        delivered=0,
        dead_letters=0,
        failures=0,
        parked_since_ms=None,
        next_attempt_ms=None,
        last_error="",
        last_error_at_ms=None,
        last_success_at_ms=None,
    )


async def test_everything_that_is_known_is_told(redis: Redis) -> None:
    for entry_id in ("1800000000123-0", "1800000000999-4"):
        await redis.xadd(keys.outbox("acme"), {"p": "1"}, id=entry_id)
    await redis.xadd(keys.dead("acme"), {"p": "1"})
    await redis.set(keys.lease("acme"), "t1")
    written: dict[bytes | bytearray | memoryview[int] | str | int | float, bytes | str] = {
        "state": "parked",
        "failures": "3",
        "delivered": "12",
        "parked_since_ms": "4",
        "next_attempt_ms": "5",
        "last_error": b"broken \xff text",
        "last_error_ms": "6",
        "last_success_ms": "7",
        "refused_id": "1800000000123-0",
        "refused_times": "2",
        "waiting_bytes": "2500",
        "dead_bytes": "9",
    }
    await redis.hset(keys.delivery("acme"), mapping=dict(written))
    lost = {"dead_age": "2", "dead_age:ms": "8", "receipts": "1", "receipts:by": "t1"}
    for name, value in lost.items():
        await redis.hset(keys.losses("acme"), name, value)
    (status,) = await RedisStatus(redis, Limits(max_events=4, max_bytes=10_000, max_age_ms=1)).outboxes(["acme"])

    assert status == OutboxStatus(
        outbox="acme",
        state=DeliveryState.PARKED,
        waiting=2,
        oldest_at_ms=1_800_000_000_123,
        delivering=True,
        delivered=12,
        dead_letters=1,
        failures=3,
        parked_since_ms=4,
        next_attempt_ms=5,
        last_error="broken \ufffd text",
        last_error_at_ms=6,
        last_success_at_ms=7,
        waiting_bytes=2500,
        dead_bytes=9,
        oldest_id="1800000000123-0",
        oldest_refused=2,
        fill=0.5,
        losses=(Loss(LossReason.RECEIPTS, 1, None), Loss(LossReason.DEAD_AGE, 2, 8)),
    )


@pytest.mark.parametrize("counted", ["-5", "5"])
async def test_of_an_empty_outbox_no_bytes_are_told_whatever_was_counted(redis: Redis, counted: str) -> None:
    await redis.hset(keys.delivery("acme"), mapping={"waiting_bytes": counted, "dead_bytes": counted})
    (status,) = await RedisStatus(redis).outboxes(["acme"])

    assert (status.waiting_bytes, status.dead_bytes) == (0, 0)


@pytest.mark.parametrize("state", DeliveryState)
async def test_pausing_tells_how_a_site_stood_and_why_it_is_paused_and_keeps_that(
    redis: Redis, state: DeliveryState
) -> None:
    fields = {"state": state.value, "parked_since_ms": "4", "next_attempt_ms": "5", "last_error": "x"}
    for name, value in fields.items() if state is not DeliveryState.UP else ():
        await redis.hset(keys.delivery("acme"), name, value)
    reader = RedisStatus(redis)
    assert await reader.pause("acme", reason="moves") is state
    assert await reader.pause("acme", reason="again") is DeliveryState.PAUSED
    (status,) = await reader.outboxes(["acme"])

    assert status.state is DeliveryState.PAUSED
    assert status.last_error == ("x" if state is DeliveryState.PAUSED else "moves")
    assert (status.parked_since_ms == 4) is (state is not DeliveryState.UP)
    assert status.next_attempt_ms == (5 if state is DeliveryState.PAUSED else None)


async def test_a_paused_site_is_sent_nothing_but_what_is_on_its_way(redis: Redis) -> None:
    appender, drain = RedisAppender(redis, clock=ManualClock()), RedisDrain(redis, clock=ManualClock())
    await appender.append({"acme": incoming("1", "a", "b")}, token="t1")
    batch = await drain.next_batch("acme", token="t1", done=None, limits=BatchLimits(1, 1000))
    assert isinstance(batch, Batch)
    await RedisStatus(redis).pause("acme", reason="moves")
    done = Acknowledged(batch.entries)

    assert await drain.next_batch("acme", token="t1", done=done, limits=DEFAULT_LIMITS) is Step.PAUSED
    assert not taken_by("acme", await appender.append({"acme": incoming("1", "c")}, token="t2")).leased
    assert await payloads_in(redis, keys.outbox("acme")) == payloads("b", "c")


async def test_many_are_told_in_the_order_they_were_asked_for(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_status, "AT_ONCE", 2)
    names = ["e", "a", "c", "b", "d"]
    await redis.xadd(keys.outbox("c"), {"p": "1"})
    statuses = await RedisStatus(redis).outboxes(names)

    assert [(status.outbox, status.waiting) for status in statuses] == [(name, int(name == "c")) for name in names]


async def test_marked_outboxes_are_named(redis: Redis) -> None:
    await redis.zadd(keys.BACKLOG, {"~1": 1, "acme": 2})

    assert await RedisStatus(redis).marked() == ["~1", "acme"]


@pytest.mark.parametrize("state", DeliveryState)
async def test_resuming_makes_a_site_as_one_that_never_failed_and_tells_how_it_stood(
    redis: Redis, state: DeliveryState
) -> None:
    fields = {"state": state.value, "failures": "3", "parked_since_ms": "4", "next_attempt_ms": "5", "last_error": "x"}
    for name, value in fields.items():
        await redis.hset(keys.delivery("acme"), name, value)
    if state is DeliveryState.UP:
        await redis.delete(keys.delivery("acme"))
    reader = RedisStatus(redis)
    assert await reader.resume("acme") is state
    (status,) = await reader.outboxes(["acme"])

    assert (status.state, status.failures) == (DeliveryState.UP, 0)
    assert (status.parked_since_ms, status.next_attempt_ms) == (None, None)
    assert status.last_error == ("x" if state is DeliveryState.PARKED else "")  # a pause is over with its reason
    assert await redis.zscore(keys.BACKLOG, "acme") == LOOK_NOW


async def test_an_attempt_under_way_does_not_park_a_site_that_an_operator_has_resumed(redis: Redis) -> None:
    drain = RedisDrain(redis, clock=ManualClock())
    await drain.claim("acme", token="t1")
    await RedisStatus(redis).resume("acme")

    assert await drain.park("acme", token="t1", wait_s=600.0, reason="away") is Step.HELD
    assert isinstance(await drain.park("acme", token="t1", wait_s=600.0, reason="away"), Parked)


async def test_trouble_is_our_error(redis: Redis) -> None:
    await redis.set(keys.outbox("acme"), "not a stream")
    await redis.set(keys.BACKLOG, "not a sorted set")
    with pytest.raises(StoreUnavailable):
        await RedisStatus(redis).outboxes(["acme"])
    with pytest.raises(StoreUnavailable):
        await RedisStatus(redis).marked()
    await redis.set(keys.delivery("acme"), "not a hash")
    with pytest.raises(StoreUnavailable):
        await RedisStatus(redis).resume("acme")
