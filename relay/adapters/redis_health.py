"""Whether Redis takes writes now."""

from redis.asyncio import Redis

from relay.adapters.replicas import Replicas
from relay.adapters.store_errors import store_errors
from relay.core import keys


class RedisHealth:
    """Asks by writing: a read-only replica or a full Redis still answers PING."""

    def __init__(self, redis: Redis, *, replicas: int = 0) -> None:
        self._redis = redis
        self._replicas = Replicas(replicas)

    async def check(self) -> None:
        """Return when a write succeeds. Raises StoreUnavailable."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.set(keys.HEALTH, "1", ex=keys.HEALTH_TTL_S)
        self._replicas.ask(pipeline)
        async with store_errors():
            await self._replicas.judge(self._redis, await pipeline.execute())
