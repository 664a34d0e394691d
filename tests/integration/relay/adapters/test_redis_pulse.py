"""The pulse in Redis: a long silence is kept as an outage, in one step, by Redis' clock."""

import pytest
from redis.asyncio import Redis

from relay.adapters.redis_audits import RedisAudits
from relay.adapters.redis_health import RedisHealth
from relay.adapters.redis_pages import RedisPages
from relay.adapters.redis_pulse import RedisPulse
from relay.core import keys
from relay.core.audit_state import Outage
from relay.engine.pulse import METAS_HOUR_S, Pulse
from shared.vault import Vault, new_master_key
from tests.support.redis_clock import redis_now_ms


@pytest.fixture
def pulse(redis: Redis) -> RedisPulse:
    return RedisPulse(redis, RedisHealth(redis))


async def outages(redis: Redis) -> list[Outage]:
    return list(await RedisAudits(redis, RedisPages(redis, Vault([new_master_key()]))).outages())


async def test_the_first_beat_knows_of_no_outage(redis: Redis, pulse: RedisPulse) -> None:
    assert await pulse.beat(too_long_s=METAS_HOUR_S) == 0
    assert await outages(redis) == []


@pytest.mark.parametrize(("silence_s", "is_kept"), [(3500, False), (3700, True), (-7200, False)])
async def test_a_silence_longer_than_metas_hour_is_kept(
    redis: Redis,
    pulse: RedisPulse,
    silence_s: int,
    is_kept: bool,  # noqa: FBT001  a column of the table
) -> None:
    last_ms = await redis_now_ms(redis) - silence_s * 1000
    await redis.set(keys.PULSE, last_ms)
    await Pulse(pulse).once()

    found = await outages(redis)
    assert [each.from_ms for each in found] == ([last_ms] if is_kept else [])
    assert all(each.to_ms - each.from_ms >= silence_s * 1000 for each in found)
    await Pulse(pulse).once()
    assert await outages(redis) == found


async def test_only_the_newest_outages_are_kept(redis: Redis, pulse: RedisPulse) -> None:
    now_ms = await redis_now_ms(redis)
    for number in range(30):
        await redis.zadd(keys.OUTAGES, {f"{number}-{number + 1}": number + 1})
    await redis.set(keys.PULSE, now_ms - 7_200_000)
    await pulse.beat(too_long_s=METAS_HOUR_S)

    found = await outages(redis)
    assert len(found) == keys.OUTAGES_KEPT
    assert found[-1].from_ms == now_ms - 7_200_000


async def test_a_redis_that_takes_nothing_stops_the_pulse_and_not_the_process(redis: Redis, pulse: RedisPulse) -> None:
    await redis.config_set("min-replicas-to-write", "1")
    try:
        await Pulse(pulse).once()
    finally:
        await redis.config_set("min-replicas-to-write", "0")

    assert await redis.exists(keys.PULSE) == 0
