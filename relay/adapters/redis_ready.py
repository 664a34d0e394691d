"""Announcements of sites in Redis: one script, and marks around it.

The sweep must not wait for the probe of a site that is due now, whoever dies in between: so the outbox is marked before
the site's state is changed. The sweep may have looked between that mark and the change; so it is marked after it, too.
"""

from typing import Any

from redis.asyncio import Redis

from relay.adapters.redis_backlog import mark
from relay.adapters.replies import text
from relay.adapters.scripts import READY
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.delivery import DeliveryState
from relay.engine.announcing import Announced


class RedisAnnouncements:
    """Fits `engine.announcing.Announcements`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def ready(self, outbox: str) -> Announced:
        """See `engine.announcing.Announcements.ready`."""
        script_keys = [keys.outbox(outbox), keys.lease(outbox), keys.delivery(outbox)]
        async with store_errors():
            if await self._redis.xlen(keys.outbox(outbox)):  # what comes later is marked by whoever appends it
                await mark(self._redis, outbox)
            answer: list[Any] = await READY.run(self._redis, script_keys, [])
            state, waiting, held = answer
            if waiting and not held:
                await mark(self._redis, outbox)
        return Announced(DeliveryState(text(state)), int(waiting), draining=held == 1)
