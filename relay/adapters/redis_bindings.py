"""Bindings in Redis: the directory page → site, the fences of the outboxes, and the move of what waited unclaimed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from relay.adapters.redis_backlog import mark
from relay.adapters.redis_drain import read_entry
from relay.adapters.replies import text
from relay.adapters.store_errors import store_errors
from relay.core import keys

SCAN_AT_ONCE = 1000
"""Bindings read in one round trip: a millisecond of Redis' time and of ours."""


class RedisBindings:
    """Fits `engine.binding.BindingStore`, `engine.ports.Directory` and `engine.site_pages.BindingScan`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def owners(self, page_ids: Sequence[str]) -> Mapping[str, str]:
        """See `engine.ports.Directory.owners`."""
        async with store_errors():
            sites = await self._redis.hmget(keys.BINDINGS, list(page_ids))
        return {page: text(site) for page, site in zip(page_ids, sites, strict=True) if site is not None}

    async def all(self) -> dict[str, str]:
        """Return every binding, page → site, by page."""
        async with store_errors():
            bindings = await self._redis.hgetall(keys.BINDINGS)
        return {text(page): text(site) for page, site in sorted(bindings.items())}

    async def scan(self) -> AsyncIterator[tuple[str, str]]:
        """See `engine.site_pages.BindingScan.scan`."""
        async with store_errors():
            async for page, site in self._redis.hscan_iter(keys.BINDINGS, count=SCAN_AT_ONCE):
                yield text(page), text(site)

    async def write(self, page_id: str, site: str) -> str:
        """See `engine.binding.BindingStore.write`."""
        write = self._redis.pipeline(transaction=True)
        write.hsetnx(keys.BINDINGS, page_id, site)
        write.hget(keys.BINDINGS, page_id)
        async with store_errors():
            _, owner = await write.execute()
        return text(owner)

    async def erase(self, page_id: str) -> None:
        """See `engine.binding.BindingStore.erase`."""
        async with store_errors():
            await self._redis.hdel(keys.BINDINGS, page_id)

    async def fence(self, outbox: str, page_id: str) -> None:
        """See `engine.binding.BindingStore.fence`."""
        async with store_errors():
            await self._redis.sadd(keys.fenced(outbox), page_id)

    async def open(self, outbox: str, page_id: str) -> None:
        """See `engine.binding.BindingStore.open`."""
        async with store_errors():
            await self._redis.srem(keys.fenced(outbox), page_id)

    async def move(self, holding: str, outbox: str, *, limit: int) -> int:
        """See `engine.binding.BindingStore.move`.

        The two outboxes may live in different slots of a cluster, so this is two steps: copied first, then deleted. A
        crash between them brings some events twice, which the site makes harmless; the other order would lose them.
        """
        async with store_errors():
            found: Any = await self._redis.xrange(keys.outbox(holding), count=limit)
            if not found:
                return 0
            await mark(self._redis, outbox)
            copy = self._redis.pipeline(transaction=True)
            for entry_id, fields in found:
                entry = read_entry(entry_id, [part for pair in fields.items() for part in pair])
                copy.xadd(keys.outbox(outbox), {"p": entry.page_id, "k": entry.kind, "d": entry.payload})
            await copy.execute()
            await self._redis.xdel(keys.outbox(holding), *(entry_id for entry_id, _ in found))
        return len(found)
