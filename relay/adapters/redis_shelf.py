"""Where webhook entries go that cannot be routed, and items that cannot be read: a capped stream for people."""

from collections.abc import Sequence

from redis.asyncio import Redis

from relay.adapters.store_errors import store_errors
from relay.core import keys


class RedisShelf:
    """Fits `engine.ports.OddShelf`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def keep(self, entries: Sequence[bytes], *, reason: str) -> None:
        """See `engine.ports.OddShelf.keep`. Raises StoreUnavailable."""
        async with store_errors():
            pipeline = self._redis.pipeline(transaction=False)
            for entry in entries:
                pipeline.xadd(keys.ODD, {"d": entry, "reason": reason}, maxlen=keys.ODD_KEPT, approximate=True)
            await pipeline.execute()
