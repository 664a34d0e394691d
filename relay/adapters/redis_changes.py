"""Changes of bindings under way, in Redis: one hash, a record for each page."""

from collections.abc import Mapping

from redis.asyncio import Redis

from relay.adapters.replies import text
from relay.adapters.scripts import BEGIN_CHANGE, KEEP_CHANGE
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.change import STALE_AFTER_S, Change


class RedisChanges:
    """Fits `engine.rebinding.ChangeLog`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def begin(self, page_id: str, change: Change, *, now: float) -> Change | None:
        """See `engine.rebinding.ChangeLog.begin`."""
        args = [page_id, change.encode(), round(now * 1000), round(STALE_AFTER_S * 1000)]
        async with store_errors():
            other = await BEGIN_CHANGE.run(self._redis, [keys.CHANGES], args)
        return None if other is None else Change.decode(text(other))

    async def renew(self, page_id: str, change: Change) -> None:
        """See `engine.rebinding.ChangeLog.renew`."""
        await self._keep(page_id, change, change.encode())

    async def end(self, page_id: str, change: Change) -> None:
        """See `engine.rebinding.ChangeLog.end`."""
        await self._keep(page_id, change, "")

    async def all(self) -> Mapping[str, Change]:
        """See `engine.rebinding.ChangeLog.all`."""
        async with store_errors():
            records = await self._redis.hgetall(keys.CHANGES)
        return {text(page): Change.decode(text(record)) for page, record in records.items()}

    async def _keep(self, page_id: str, change: Change, record: str) -> None:
        async with store_errors():
            await KEEP_CHANGE.run(self._redis, [keys.CHANGES], [page_id, change.token, record])
