"""What removing a site asks of Redis: what there is of it, the mark on its record, and the erasing.

The record is changed as it stands, unread: a site whose secrets no key opens any more can be removed, too.
"""

from typing import Any

import msgspec
from redis.asyncio import Redis

from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_connect_sessions import RedisConnectSessions
from relay.adapters.redis_pages import RedisPages
from relay.adapters.replies import raw, text
from relay.adapters.scripts import ERASE_OUTBOX, PAUSE, REMOVE_SITE, REPLACE_SITE
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.change import Change
from relay.core.errors import SiteNotFound
from relay.engine.site_removal import Erased, Remains

_MARK = "removing_since_ms"

_encode = msgspec.json.Encoder().encode
_decode_fields = msgspec.json.Decoder(dict[str, Any]).decode


class RedisRemoval:
    """Fits `engine.site_removal.RemovalStore`."""

    def __init__(self, redis: Redis, pages: RedisPages, sessions: RedisConnectSessions) -> None:
        self._redis = redis
        self._pages = pages
        self._sessions = sessions
        self._bindings = RedisBindings(redis)

    async def look(self, site: str) -> Remains:
        """See `engine.site_removal.RemovalStore.look`."""
        record = _decode_fields(await self._record(site))
        bindings = await self._bindings.all()
        bound = {page for page, owner in bindings.items() if owner == site}
        kept = {page for page in await self._pages.of_site(site) if bindings.get(page, site) == site}
        async with store_errors():
            waiting = await self._redis.xlen(keys.outbox(site))
            dead = await self._redis.xlen(keys.dead(site))
            changes: Any = await self._redis.hgetall(keys.CHANGES)
        changing = [text(page) for page, record in changes.items() if _concerns(Change.decode(text(record)), site)]
        marked = record.get(_MARK) is not None
        return Remains(sorted(bound | kept), sorted(changing), waiting, dead, begun=marked)

    async def mark(self, site: str, *, since_ms: int | None) -> None:
        """See `engine.site_removal.RemovalStore.mark`."""
        while True:
            before = await self._record(site)
            after = _encode(_decode_fields(before) | {_MARK: since_ms})
            async with store_errors():
                if await REPLACE_SITE.run(self._redis, [keys.SITES], [site, before, after]):
                    return

    async def pause(self, site: str, *, reason: str) -> None:
        """See `engine.site_removal.RemovalStore.pause`."""
        async with store_errors():
            await PAUSE.run(self._redis, [keys.delivery(site)], [reason])

    async def erase(self, site: str) -> Erased:
        """See `engine.site_removal.RemovalStore.erase`."""
        of_outbox = (keys.outbox, keys.lease, keys.delivery, keys.dead, keys.losses)
        async with store_errors():
            waiting, dead = await ERASE_OUTBOX.run(self._redis, [name(site) for name in of_outbox], [])
            for index in (keys.BACKLOG, keys.DEAD_LETTERS, keys.LOSSES):
                await self._redis.zrem(index, site)
            await self._redis.hdel(keys.SECRET_USES, site)
        await self._sessions.forget_site(site)
        return Erased(waiting, dead)

    async def end(self, site: str) -> None:
        """See `engine.site_removal.RemovalStore.end`."""
        async with store_errors():
            await REMOVE_SITE.run(self._redis, [keys.SITES, keys.REMOVED], [site])

    async def _record(self, site: str) -> bytes:
        async with store_errors():
            record = await self._redis.hget(keys.SITES, site)
        if record is None:
            raise SiteNotFound(site)
        return raw(record)


def _concerns(change: Change, site: str) -> bool:
    return site in {change.site, change.source}
