"""Bindings in Redis: the directory page → site, the fences of the outboxes, and the move of what waited unclaimed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from relay.adapters.hash_scan import scan_hash
from relay.adapters.redis_drain import read_entry
from relay.adapters.redis_put import Putter, go_on
from relay.adapters.replies import text
from relay.adapters.scripts import BIND, FENCE, TAKE_AWAY
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.change import Mandate
from relay.core.outbox import Entry, holding_of

_RESERVED = "~"
"""In front of a site's name: the page is just being bound to it, and webhooks know nothing of that yet."""

SCAN_AT_ONCE = 1000
"""Bindings read in one round trip: a millisecond of Redis' time and of ours."""


class RedisBindings:
    """Fits `engine.binding.BindingStore`, `engine.ports.Directory` and `engine.site_pages.BindingScan`."""

    def __init__(self, redis: Redis, putter: Putter | None = None) -> None:
        self._redis = redis
        self._putter = putter or Putter(redis)

    async def owners(self, page_ids: Sequence[str]) -> Mapping[str, str]:
        """See `engine.ports.Directory.owners`."""
        async with store_errors():
            sites = await self._redis.hmget(keys.BINDINGS, list(page_ids))
        found = {page: text(site) for page, site in zip(page_ids, sites, strict=True) if site is not None}
        return {page: site for page, site in found.items() if not site.startswith(_RESERVED)}

    async def all(self) -> dict[str, str]:
        """Return every binding, page → site, by page."""
        async with store_errors():
            bindings = await self._redis.hgetall(keys.BINDINGS)
        return {text(page): _owner(site) for page, site in sorted(bindings.items())}

    async def scan(self) -> AsyncIterator[tuple[str, str]]:
        """See `engine.site_pages.BindingScan.scan`."""
        async for page, site in scan_hash(self._redis, keys.BINDINGS, at_once=SCAN_AT_ONCE):
            yield page, _owner(site)

    async def reserved_by(self, page_id: str) -> str | None:
        """See `engine.binding.BindingStore.reserved_by`."""
        async with store_errors():
            site = await self._redis.hget(keys.BINDINGS, page_id)
        return None if site is None else _owner(site)

    async def enter(self, mandate: Mandate) -> str | None:
        """See `engine.binding.BindingStore.enter`."""
        return await self._bind(mandate, "enter") or None

    async def reserve(self, mandate: Mandate, site: str) -> str:
        """See `engine.binding.BindingStore.reserve`."""
        return await self._bind(mandate, "reserve", site)

    async def write(self, mandate: Mandate, site: str) -> str:
        """See `engine.binding.BindingStore.write`."""
        return await self._bind(mandate, "write", site)

    async def erase(self, mandate: Mandate, site: str) -> None:
        """See `engine.binding.BindingStore.erase`."""
        await self._bind(mandate, "erase", site)

    async def fence(self, mandate: Mandate, outbox: str) -> None:
        """See `engine.binding.BindingStore.fence`."""
        await self._fence(mandate, outbox, "fence")

    async def leave(self, mandate: Mandate, site: str) -> None:
        """See `engine.binding.BindingStore.leave`."""
        await self._fence(mandate, site, "leave")

    async def open(self, mandate: Mandate, outbox: str) -> None:
        """See `engine.binding.BindingStore.open`."""
        await self._fence(mandate, outbox, "open")

    async def move(self, mandate: Mandate, site: str, *, limit: int) -> int:
        """See `engine.binding.BindingStore.move`.

        The two outboxes may live in different slots of a cluster, so this is two steps: copied, then deleted. A
        crash between them leaves some in both; moved again, they are known there (`put.lua`).
        """
        holding = holding_of(mandate.page_id)
        async with store_errors():
            found: Any = await self._redis.xrange(keys.outbox(holding), count=limit)
            if not found:
                return 0
            await self._putter.put(mandate, site, [_read(*each) for each in found], origin=holding)
            script_keys = [keys.outbox(holding), keys.delivery(holding), keys.gates(holding)]
            ids = [text(entry_id) for entry_id, _ in found]
            go_on(mandate, await TAKE_AWAY.run(self._redis, script_keys, [*mandate, *ids]))
        return len(found)

    async def _bind(self, mandate: Mandate, action: str, site: str = "") -> str:
        script_keys = [keys.BINDINGS, keys.gates(keys.BINDINGS)]
        async with store_errors():
            owner = await BIND.run(self._redis, script_keys, [*mandate, action, site])
        go_on(mandate, owner is not None)
        return text(owner)

    async def _fence(self, mandate: Mandate, outbox: str, action: str) -> None:
        async with store_errors():
            script_keys = [keys.fenced(outbox), keys.gates(outbox), keys.outbox(outbox)]
            passed = await FENCE.run(self._redis, script_keys, [*mandate, action])
        go_on(mandate, passed)


def _owner(reply: object) -> str:
    """Return the site, be the page bound or reserved."""
    return text(reply).removeprefix(_RESERVED)


def _read(entry_id: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    return read_entry(entry_id, [part for pair in fields.items() for part in pair])
