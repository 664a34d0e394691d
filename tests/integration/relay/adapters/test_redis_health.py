"""Whether Redis takes writes now: PING would not tell."""

import pytest
from redis.asyncio import Redis

from relay.adapters.redis_health import RedisHealth
from relay.core import keys
from relay.core.errors import StoreUnavailable


async def test_a_redis_that_takes_writes_is_healthy_and_the_proof_goes_by_itself(redis: Redis) -> None:
    await RedisHealth(redis).check()

    assert 0 < await redis.ttl(keys.HEALTH) <= keys.HEALTH_TTL_S


async def test_a_full_redis_is_not(redis: Redis) -> None:
    await redis.config_set("maxmemory", 1)
    assert await redis.ping()
    with pytest.raises(StoreUnavailable):
        await RedisHealth(redis).check()


async def test_a_replica_is_not(redis: Redis) -> None:
    await redis.replicaof("127.0.0.1", "1")
    try:
        assert await redis.ping()
        with pytest.raises(StoreUnavailable):
            await RedisHealth(redis).check()
    finally:
        await redis.replicaof("NO", "ONE")
