"""Bindings in Redis: the directory page → site, the fences of the outboxes, and the move of what waited unclaimed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from relay.adapters.redis_backlog import mark
from relay.adapters.redis_drain import read_entry
from relay.adapters.redis_trim import no_alarm
from relay.adapters.replies import text
from relay.adapters.scripts import BIND, FENCE, PUT, TAKE_AWAY
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.change import Mandate
from relay.core.errors import ChangeOvertaken
from relay.core.limits import OUTBOX_LIMITS, Limits, LossReason
from relay.core.outbox import Entry, holding_of
from relay.engine.losses import OnLoss

_RESERVED = "~"
"""In front of a site's name: the page is just being bound to it, and webhooks know nothing of that yet."""

SCAN_AT_ONCE = 1000
"""Bindings read in one round trip: a millisecond of Redis' time and of ours."""


class RedisBindings:
    """Fits `engine.binding.BindingStore`, `engine.ports.Directory` and `engine.site_pages.BindingScan`."""

    def __init__(self, redis: Redis, *, limits: Limits = OUTBOX_LIMITS, on_loss: OnLoss = no_alarm) -> None:
        """`on_loss` is called when what is moved pushes the oldest events of a full outbox out; they are counted."""
        self._redis = redis
        self._limits = limits
        self._on_loss = on_loss

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
        cursor = 0
        while True:
            async with store_errors():
                answer: Any = await self._redis.hscan(keys.BINDINGS, cursor, count=SCAN_AT_ONCE)
            cursor, found = answer
            for page, site in found.items():
                yield text(page), _owner(site)
            if not cursor:
                return

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

    async def open(self, mandate: Mandate, outbox: str) -> None:
        """See `engine.binding.BindingStore.open`."""
        await self._fence(mandate, outbox, "open")

    async def move(self, mandate: Mandate, site: str, *, limit: int) -> int:
        """See `engine.binding.BindingStore.move`.

        The two outboxes may live in different slots of a cluster, so this is two steps: copied, then deleted. A
        crash between them brings some events twice, which the site makes harmless; the other order would lose them.
        """
        holding = holding_of(mandate.page_id)
        async with store_errors():
            found: Any = await self._redis.xrange(keys.outbox(holding), count=limit)
            if not found:
                return 0
            await mark(self._redis, site)
            self._on_loss(site, await self._put(mandate, site, [_read(*each) for each in found]))
            script_keys = [keys.outbox(holding), keys.delivery(holding), keys.gates(holding)]
            ids = [text(entry_id) for entry_id, _ in found]
            _go_on(mandate, await TAKE_AWAY.run(self._redis, script_keys, [*mandate, *ids]))
        return len(found)

    async def _bind(self, mandate: Mandate, action: str, site: str = "") -> str:
        script_keys = [keys.BINDINGS, keys.gates(keys.BINDINGS)]
        async with store_errors():
            owner = await BIND.run(self._redis, script_keys, [*mandate, action, site])
        _go_on(mandate, owner is not None)
        return text(owner)

    async def _fence(self, mandate: Mandate, outbox: str, action: str) -> None:
        async with store_errors():
            passed = await FENCE.run(self._redis, [keys.fenced(outbox), keys.gates(outbox)], [*mandate, action])
        _go_on(mandate, passed)

    async def _put(self, mandate: Mandate, outbox: str, entries: Sequence[Entry]) -> Mapping[LossReason, int]:
        script_keys = [keys.outbox(outbox), keys.lease(outbox), keys.delivery(outbox), keys.losses(outbox)]
        args: list[Any] = [*mandate, self._limits.max_events, self._limits.max_bytes]
        for entry in entries:
            args += (entry.page_id, entry.kind, entry.payload, entry.accepted_at_ms)
        answer = await PUT.run(self._redis, [*script_keys, keys.gates(outbox)], args)
        _go_on(mandate, answer is not None)
        by_events, by_bytes = answer
        lost = {LossReason.OVERFLOW_EVENTS: by_events, LossReason.OVERFLOW_BYTES: by_bytes}
        return {reason: count for reason, count in lost.items() if count}


def _go_on(mandate: Mandate, passed: object) -> None:
    """Raise ChangeOvertaken for a step that was refused as another change has written here since."""
    if not passed:
        raise ChangeOvertaken(mandate.page_id)


def _owner(reply: object) -> str:
    """Return the site, be the page bound or reserved."""
    return text(reply).removeprefix(_RESERVED)


def _read(entry_id: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    return read_entry(entry_id, [part for pair in fields.items() for part in pair])
