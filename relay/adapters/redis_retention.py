"""Retention in Redis: whose turn it is, which outboxes to look at, and one bounded step for each."""

from collections.abc import Mapping, Sequence

from redis.asyncio import Redis

from relay.adapters.redis_backlog import mark
from relay.adapters.redis_trim import trim
from relay.adapters.replies import text
from relay.adapters.scripts import FORGET
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.limits import Limits, Part
from relay.core.outbox import is_holding
from relay.engine.retention import Trimmed

SECOND_LOOK_AFTER_S = 60.0
"""For how long dead letters must be gone before their outbox is forgotten; far above what a settling drain takes."""

_INDEX = {Part.WAITING: keys.BACKLOG, Part.DEAD: keys.DEAD_LETTERS}


class RedisRetention:
    """Fits `engine.retention.RetentionStore`."""

    def __init__(self, redis: Redis, limits: Mapping[Part, Limits]) -> None:
        self._redis = redis
        self._limits = limits

    async def begin(self, *, for_s: float) -> bool:
        """See `engine.retention.RetentionStore.begin`."""
        async with store_errors():
            return bool(await self._redis.set(keys.RETENTION, "1", nx=True, px=round(for_s * 1000)))

    async def outboxes(self, part: Part) -> Sequence[str]:
        """See `engine.retention.RetentionStore.outboxes`. Forgets outboxes whose dead letters are gone for long."""
        async with store_errors():
            marked = [text(outbox) for outbox in await self._redis.zrange(_INDEX[part], 0, -1)]
        if part is Part.DEAD:
            await self._forget_empty(marked)
        return marked

    async def trim(self, outbox: str, part: Part) -> Trimmed:
        """See `engine.retention.RetentionStore.trim`."""
        async with store_errors():
            trimmed = await trim(self._redis, outbox, part, self._limits[part])
            if trimmed.lost and is_holding(outbox):
                await mark(self._redis, outbox, index=keys.LOSSES)
        return trimmed

    async def _forget_empty(self, marked: Sequence[str]) -> None:
        """Clear marks as the sweep does those of waiting events; nobody else looks at these."""
        for outbox in marked:
            async with store_errors():
                if not await self._redis.xlen(keys.dead(outbox)):
                    await FORGET.run(self._redis, [keys.DEAD_LETTERS], [outbox, round(SECOND_LOOK_AFTER_S * 1000)])
