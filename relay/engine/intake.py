"""Accepts one authentic webhook body: cut, route, append, and only then return. The 200 to Meta is a promise.

A page that is just being bound or moved refuses its events for some milliseconds; the intake looks the binding up again
and waits, but never longer than Meta does. A page that is refused for longer than any change takes is reported: the
sweep puts it in order before Meta comes again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from relay.core.errors import StoreUnavailable
from relay.core.nesting import MAX_ITEM_DEPTH
from relay.core.outbox import is_holding
from relay.core.webhook import Incoming, Split, split
from relay.engine.ports import OddShelf
from relay.engine.routing import Routing
from relay.engine.writer import AppendWriter
from shared.logs import get_logger

log = get_logger(__name__)

ROUTING_PAUSES_S = (0.0, 0.01, 0.05, 0.2, 0.5, 1.0, 1.0)
"""Before each new look at a binding that was refused. Together below 3 s: Meta waits for 5 s at the most."""
ACCEPT_WITHIN_S = 3.8
"""For a body that takes several steps, each of which Redis may keep waiting."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one body came to."""

    object: str
    events: int
    odd: int
    """How many entries and items were kept aside, as nobody could have read or routed them."""
    unclaimed: int
    """How many of the events wait for a page that no site claims."""


class Unsettled(Protocol):
    """Where pages are named of which events are refused wherever they belong."""

    async def report(self, page_id: str) -> None:
        """Have the sweep look at a page, unless a change of its binding is under way. Raises StoreUnavailable."""


class Intake:
    """The use case behind `POST /facebook/webhook`."""

    def __init__(
        self,
        routing: Routing,
        writer: AppendWriter,
        shelf: OddShelf,
        unsettled: Unsettled,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._routing = routing
        self._writer = writer
        self._shelf = shelf
        self._unsettled = unsettled
        self._sleep = sleep

    async def accept(self, body: bytes) -> Accepted:
        """Store every event of the body. Raises MalformedBody, or StoreUnavailable when the promise cannot be kept."""
        parts = split(body)
        items = parts.items
        kept_aside = len(parts.odd) + len(parts.deep)
        if len(items) == 1 and not kept_aside and (outbox := self._routing.cached(items[0].page_id)) is not None:
            # Nearly every body is one event of a known page: straight to its outbox, at a third of the cost. The
            # writer alone keeps the time then.
            if not await self._writer.append(outbox, items):
                return Accepted(parts.object, 1, 0, int(is_holding(outbox)))
            self._routing.forget([items[0].page_id])
        unclaimed = await _in_time(self._keep_and_append(parts))
        return Accepted(parts.object, len(items), kept_aside, unclaimed)

    async def _keep_and_append(self, parts: Split) -> int:
        if parts.odd:
            log.warning("webhook_entries_odd", count=len(parts.odd), object=parts.object)
            await self._shelf.keep(parts.odd, reason="no page and no events can be read out of it whole")
        if parts.deep:
            log.warning("webhook_items_too_deep", count=len(parts.deep), object=parts.object)
            await self._shelf.keep(parts.deep, reason=f"nested deeper than {MAX_ITEM_DEPTH} levels")
        return await self._append(parts.items)

    async def _append(self, items: Sequence[Incoming]) -> int:
        unclaimed, waiting = 0, items
        for pause_s in ROUTING_PAUSES_S:
            if not waiting:
                return unclaimed
            if pause_s:
                await self._sleep(pause_s)
            refused, held = await self._append_once(waiting)
            unclaimed += held
            waiting = refused
            self._routing.forget([item.page_id for item in refused])
        if waiting:
            for page_id in dict.fromkeys(item.page_id for item in waiting):
                log.error("page_refused_everywhere", page=page_id)
                await self._unsettled.report(page_id)
            raise StoreUnavailable(f"page {waiting[0].page_id} is being moved between sites and did not settle in time")
        return unclaimed

    async def _append_once(self, items: Sequence[Incoming]) -> tuple[list[Incoming], int]:
        """Append what can be; returns what was refused, and how many events went to holding outboxes."""
        outboxes = await self._routing.outboxes([item.page_id for item in items])
        groups: defaultdict[str, list[Incoming]] = defaultdict(list)
        for item in items:
            groups[outboxes[item.page_id]].append(item)
        appends = [self._writer.append(name, events) for name, events in groups.items()]
        # Nearly every body is about one page, and to gather a single future costs more than all the rest of this.
        answers = [await appends[0]] if len(appends) == 1 else await asyncio.gather(*appends)
        refused = [events[index] for events, indices in zip(groups.values(), answers, strict=True) for index in indices]
        held = sum(
            len(events) - len(indices)
            for (name, events), indices in zip(groups.items(), answers, strict=True)
            if is_holding(name)
        )
        return refused, held


async def _in_time(work: Awaitable[int]) -> int:
    try:
        async with asyncio.timeout(ACCEPT_WITHIN_S):
            return await work
    except TimeoutError:
        raise StoreUnavailable(f"events were not stored within {ACCEPT_WITHIN_S:g} s") from None
