"""The pulse in Redis: whether events can be stored is tried by storing, and a long silence before is kept."""

from redis.asyncio import Redis

from relay.adapters.redis_health import RedisHealth
from relay.adapters.scripts import PULSE
from relay.adapters.store_errors import store_errors
from relay.core import keys


class RedisPulse:
    """Fits `engine.pulse.PulseStore`."""

    def __init__(self, redis: Redis, health: RedisHealth) -> None:
        self._redis = redis
        self._health = health

    async def beat(self, *, too_long_s: float) -> float:
        """See `engine.pulse.PulseStore.beat`."""
        await self._health.check()
        async with store_errors():
            args = [round(too_long_s * 1000), keys.OUTAGES_KEPT]
            return float(await PULSE.run(self._redis, [keys.PULSE, keys.OUTAGES], args)) / 1000
