"""Handing a page over in Redis: what leaves the outbox of its old site, and how that comes into another one."""

from typing import Any

from redis.asyncio import Redis

from relay.adapters.redis_put import Putter, go_on
from relay.adapters.replies import text
from relay.adapters.scripts import BIND, LET_GO, TAKE_OUT
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.change import Mandate
from relay.core.outbox import Entry
from relay.core.webhook import Incoming
from relay.engine.handover import TakenOut
from shared.page_events import ABOUT_ONE_SITE

_PARTS = 4
"""Elements of the list for each event: kind, item, ms of its arrival, its id in the old outbox."""


class RedisHandover:
    """Fits `engine.handover.HandoverStore`."""

    def __init__(self, redis: Redis, putter: Putter) -> None:
        self._redis = redis
        self._putter = putter

    async def hand_over(self, mandate: Mandate, source: str, site: str) -> str:
        """See `engine.handover.HandoverStore.hand_over`."""
        script_keys = [keys.BINDINGS, keys.gates(keys.BINDINGS)]
        async with store_errors():
            owner = await BIND.run(self._redis, script_keys, [*mandate, "hand_over", site, source])
        go_on(mandate, owner is not None)
        return text(owner)

    async def tell(self, mandate: Mandate, site: str, event: Incoming) -> None:
        """See `engine.handover.HandoverStore.tell`."""
        async with store_errors():
            await self._putter.tell(mandate, site, event)

    async def take_out(self, mandate: Mandate, source: str, *, below: str, limit: int) -> TakenOut:
        """See `engine.handover.HandoverStore.take_out`."""
        outbox = [keys.outbox(source), keys.delivery(source), keys.gates(source)]
        args = [*mandate, below, limit, *ABOUT_ONE_SITE]
        async with store_errors():
            answer = await TAKE_OUT.run(self._redis, [*outbox, keys.leaving(source, mandate.page_id)], args)
        go_on(mandate, answer is not None)
        below, taken, staying = answer
        return TakenOut(text(below), taken, staying)

    async def bring(self, mandate: Mandate, source: str, outbox: str, *, limit: int) -> int:
        """See `engine.handover.HandoverStore.bring`.

        The two sites' keys may live in different slots of a cluster, so this is two steps, as `RedisBindings.move` is.
        """
        leaving = keys.leaving(source, mandate.page_id)
        async with store_errors():
            length: Any = await self._redis.llen(leaving)
            found: Any = await self._redis.lrange(leaving, 0, _PARTS * limit - 1)
            if not found:
                return 0
            entries = [
                Entry(text(entry_id), mandate.page_id, text(kind), item, int(ms))
                for kind, item, ms, entry_id in zip(*(found[part::_PARTS] for part in range(_PARTS)), strict=True)
            ]
            await self._putter.put(mandate, outbox, entries, origin=source)
            args = [*mandate, length, len(found)]
            go_on(mandate, await LET_GO.run(self._redis, [leaving, keys.gates(source)], args))
        return len(entries)
