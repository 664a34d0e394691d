"""Handing a page over from the site that has it to another, with no event lost, sent to both, or overtaken.

Whoever dies in between: the steps, each harmless when it is done twice, are recorded with both sites, and the sweep
finishes what was begun (`engine.rebinding`).

1. fence the page at its new site         it does not own it yet
2. fence the page at its old site         from here on nothing new arrives there; intake waits
3. open the outbox for unclaimed events
4. tell the old site                      behind all that it got of the page
5. reserve the page for its new site      for intake it is unclaimed: what comes collects, nobody is refused
6. take what waits out of the old outbox  newest first, so that what stays is older than all that goes
7. give the new site the page's token     if the relay has it
8. bring what was taken out               oldest first
9. go on as a bind does                   from its third step: what collected meanwhile, the binding, the opening

Intake for the page waits from 2 to 5, four calls to the store, and again for the last steps of the bind.

What a drain was handed stays with the old site, delivered or not: it may have arrived although nobody knows. So do
dead letters, what an unbind left there, and what the relay tells that site alone. All else goes to the new site, and
never to the old one again.
"""

from typing import NamedTuple, Protocol

from relay.core.change import Mandate
from relay.core.outbox import holding_of
from relay.core.webhook import Incoming
from relay.engine.binding import MOVED_AT_ONCE, Bindings, BindingStore, refuse_other
from shared.logs import get_logger

log = get_logger(__name__)

LOOKED_AT_AT_ONCE = 500
"""Events of the old site's outbox gone through in one step: some milliseconds of Redis' time, in which it serves nobody
else."""


class TakenOut(NamedTuple):
    """What came of one step through an outbox."""

    go_on: str
    """Where the next step begins; empty when there is none."""
    taken: int
    staying: int
    """How many of the page's events this step found that stay."""


class HandoverStore(Protocol):
    """What handing over needs of the store, besides what binding does; each method raises the same."""

    async def hand_over(self, mandate: Mandate, source: str, site: str) -> str:
        """Reserve a page for a site if it is the source's; returns the site it belongs to now."""

    async def tell(self, mandate: Mandate, site: str, event: Incoming) -> None:
        """Put one event of the relay's own behind what waits for a site, fenced or not."""

    async def take_out(self, mandate: Mandate, source: str, *, below: str, limit: int) -> TakenOut:
        """Look at so many events of a site's outbox, from the newest below this id on ("+": all), and take the page's.

        They wait at the source, but for nobody.
        """

    async def bring(self, mandate: Mandate, source: str, outbox: str, *, limit: int) -> int:
        """Put the oldest of what was taken out of the source's outbox into another; returns how many these were."""


class Notices(Protocol):
    """What the relay tells sites of a page that moves."""

    def parting(self, page_id: str) -> Incoming:
        """Return what the old site is told."""

    async def arrival(self, mandate: Mandate, site: str) -> Incoming | None:
        """Return what gives the new site the page's token, and note whose it is; None where there is none to give."""


class HandedOver(NamedTuple):
    """A page that was handed over."""

    source: str
    """The site that had it; empty where it was nobody's, or its new site's already."""
    waiting_events: int
    """How many its new site gets that waited."""
    staying_events: int
    """How many that waited stay with the source."""
    has_token: bool
    """Whether its new site was given the page's token."""


class Handover:
    """The use case behind `relay bind --move`."""

    def __init__(self, bindings: Bindings, directory: BindingStore, store: HandoverStore, notices: Notices) -> None:
        self._bindings = bindings
        self._directory = directory
        self._store = store
        self._notices = notices

    async def move(self, mandate: Mandate, source: str, site: str) -> HandedOver:
        """Hand a page over.

        Raises SiteNotFound, UserError when it is neither site's, ChangeOvertaken, StoreUnavailable.
        """
        await self._bindings.check_site(site)
        owner = await self._directory.enter(mandate)
        if owner is None:
            return HandedOver("", await self._bindings.bind(mandate, site), 0, has_token=False)
        if owner != source:
            refuse_other(owner, mandate.page_id, site)
        await self._directory.fence(mandate, site)
        await self._directory.fence(mandate, source)
        if owner == source:
            await self._leave(mandate, source, site)
        staying = await self._take_out(mandate, source)
        has_token = await self._arrive(mandate, site)
        moved = await self._bring(mandate, source, site) + await self._bindings.complete(mandate, site)
        log.info(
            "page_moved", page=mandate.page_id, source=source, site=site, waiting_events=moved, staying_events=staying
        )
        return HandedOver(source, moved, staying, has_token)

    async def call_off(self, mandate: Mandate, source: str) -> None:
        """Give a page's old site back what was taken out for a new one that is no more. Raises as `move` does.

        Where the old one is no more either, it waits unclaimed.
        """
        await self._directory.fence(mandate, source)
        there = await self._bindings.exists(source)
        await self._bring(mandate, source, source if there else holding_of(mandate.page_id))

    async def _leave(self, mandate: Mandate, source: str, site: str) -> None:
        await self._directory.open(mandate, holding_of(mandate.page_id))
        await self._store.tell(mandate, source, self._notices.parting(mandate.page_id))
        refuse_other(await self._store.hand_over(mandate, source, site), mandate.page_id, site)

    async def _take_out(self, mandate: Mandate, source: str) -> int:
        """Go through the source's outbox to its end; returns how many of the page's events stay."""
        below, staying = "+", 0
        while below:
            step = await self._store.take_out(mandate, source, below=below, limit=LOOKED_AT_AT_ONCE)
            below, staying = step.go_on, staying + step.staying
        return staying

    async def _arrive(self, mandate: Mandate, site: str) -> bool:
        event = await self._notices.arrival(mandate, site)
        if event is not None:
            await self._store.tell(mandate, site, event)
        return event is not None

    async def _bring(self, mandate: Mandate, source: str, outbox: str) -> int:
        brought = 0
        while count := await self._store.bring(mandate, source, outbox, limit=MOVED_AT_ONCE):
            brought += count
        return brought
