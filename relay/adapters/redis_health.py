"""Whether Redis takes writes now."""

from redis.asyncio import Redis

from relay.adapters.store_errors import store_errors
from relay.core import keys


class RedisHealth:
    """Asks by writing: a read-only replica or a full Redis still answers PING."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def check(self) -> None:
        """Return when a write succeeds. Raises StoreUnavailable."""
        async with store_errors():
            await self._redis.set(keys.HEALTH, "1", ex=keys.HEALTH_TTL_S)
