"""What the watchdog knows of connected pages, in Redis: when each is audited next, and what was found.

A look costs one command while no page is due, and a handful for all that are, however many.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_pages import RedisPages
from relay.adapters.replies import raw, text
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.audit_state import AuditState, Outage
from relay.engine.watchdog import Audited, Due
from shared.logs import get_logger

log = get_logger(__name__)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AuditState).decode


class RedisAudits:
    """Fits `engine.watchdog.AuditStore`, and tells `engine.page_health` what was found."""

    def __init__(self, redis: Redis, pages: RedisPages) -> None:
        self._redis = redis
        self._pages = pages
        self._bindings = RedisBindings(redis)

    async def pages(self) -> Sequence[str]:
        """See `engine.watchdog.AuditStore.pages`."""
        async with store_errors():
            return [text(page) for page in await self._redis.hkeys(keys.PAGES)]

    async def times(self) -> Mapping[str, int]:
        """See `engine.watchdog.AuditStore.times`."""
        async with store_errors():
            planned: Any = await self._redis.zrange(keys.AUDIT_TIMES, 0, -1, withscores=True)
        return {text(page): int(score) for page, score in planned}

    async def plan(self, times: Mapping[str, int]) -> None:
        """See `engine.watchdog.AuditStore.plan`."""
        if times:
            async with store_errors():
                await self._redis.zadd(keys.AUDIT_TIMES, dict(times))

    async def due(self, *, now_ms: int, at_most: int) -> Sequence[Due]:
        """See `engine.watchdog.AuditStore.due`."""
        async with store_errors():
            found = await self._redis.zrangebyscore(keys.AUDIT_TIMES, "-inf", now_ms, start=0, num=at_most)
        if not found:
            return []
        names = [text(page) for page in found]
        pages, sites, states = await self._pages.many(names), await self._bindings.owners(names), await self.of(names)
        return [Due(name, pages.get(name), sites.get(name, ""), states.get(name)) for name in names]

    async def of(self, page_ids: Sequence[str]) -> Mapping[str, AuditState]:
        """Return what is known of each of these pages; nothing of those that were not audited yet."""
        if not page_ids:
            return {}
        async with store_errors():
            records = await self._redis.hmget(keys.AUDITS, list(page_ids))
        found = {page: raw(record) for page, record in zip(page_ids, records, strict=True) if record is not None}
        return {page: state for page, record in found.items() if (state := _read(page, record)) is not None}

    async def outages(self) -> Sequence[Outage]:
        """See `engine.watchdog.AuditStore.outages`."""
        async with store_errors():
            found: Any = await self._redis.zrange(keys.OUTAGES, 0, -1)
        members = [text(member) for member in found]
        return [Outage(int(since), int(until)) for since, _, until in (each.partition("-") for each in members)]

    async def save(self, audited: Sequence[Audited]) -> None:
        """See `engine.watchdog.AuditStore.save`. What was found goes first: a crash must not leave it out."""
        states = {each.page_id: _encode(each.state) for each in audited if each.state is not None}
        async with store_errors():
            if states:
                await self._redis.hset(keys.AUDITS, mapping=states)  # type: ignore[arg-type]  # str keys are fine
            await self._redis.zadd(keys.AUDIT_TIMES, {each.page_id: each.again_at_ms for each in audited})

    async def forget(self, page_ids: Sequence[str]) -> None:
        """See `engine.watchdog.AuditStore.forget`."""
        async with store_errors():
            await self._redis.hdel(keys.AUDITS, *page_ids)
            await self._redis.zrem(keys.AUDIT_TIMES, *page_ids)


def _read(page_id: str, record: bytes) -> AuditState | None:
    """Read one page's record; one of another release, perhaps, is as none: the next audit writes it anew."""
    try:
        return _decode(record)
    except msgspec.DecodeError as error:
        log.warning("audit_state_unreadable", page=page_id, reason=str(error))
        return None
