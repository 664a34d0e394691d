"""Binding a page to a site, so that no event is lost, sent to both, or overtaken, whoever dies in between.

The steps, each harmless when it is done twice; a bind that was interrupted is finished by calling it again:

1. fence the page at its new site       events for it are refused there
2. reserve the page                     nobody else can bind it; for intake it is unclaimed still
3. move what waits for it, oldest first, until little is left; intake adds to it meanwhile
4. fence the page where it was          from here on nothing new arrives there
5. move the rest
6. write the binding                    intake that looks it up again finds the new site
7. open the page at its new site        intake goes on, behind what waited

Between 4 and 7 intake for this page waits (`engine.intake.ROUTING_PAUSES_S`), typically for some milliseconds, however
much waited. A page that is bound elsewhere is refused here: handing it over is `engine.handover`. Of two binds at once
the second finds the first one's reservation in step 2 and ends; its site stays fenced, as it does not own the page.

Unbinding leaves the page's events to its site and fences it there, opens it where unclaimed events wait, and erases the
binding last: until then an interrupted unbind still knows what to finish when it is called again.

A process may stand still between two steps, or in one, and wake when others have finished its change and made more. So
every step shows its mandate, and the place it writes to refuses one that was overtaken there: ChangeOvertaken. Each
change *enters* the directory first, so from then on no earlier one can change who owns the page; an earlier change can
open the page only at an outbox that the one which took it over has written to, too (`engine.rebinding`).
"""

import itertools
from typing import Protocol

from relay.core.change import Mandate
from relay.core.errors import PageNotBound, PageTaken, SiteNotFound
from relay.core.outbox import holding_of
from relay.core.site import check_page_id
from relay.engine.ports import Directory
from shared.logs import get_logger
from shared.names import is_site_name

log = get_logger(__name__)

MOVED_AT_ONCE = 500
"""Events moved in one step: some milliseconds of Redis' time at either end, in which it serves nobody else."""
MOVES_BEFORE_FENCE = 20_000
"""Steps after which a page that gets events faster than they can be moved is fenced all the same."""


class BindingStore(Directory, Protocol):
    """What binding needs of the store.

    Every method raises StoreUnavailable; and ChangeOvertaken, having changed nothing, when a change with a greater
    number has written there about this page.
    """

    async def reserved_by(self, page_id: str) -> str | None:
        """Return the site that a page is bound to, or reserved for. Needs no mandate."""

    async def enter(self, mandate: Mandate) -> str | None:
        """Return the same, and keep every earlier change from altering it."""

    async def fence(self, mandate: Mandate, outbox: str) -> None:
        """Have an outbox refuse the page's events."""

    async def leave(self, mandate: Mandate, site: str) -> None:
        """Fence a page at its site; what waits there stays there, also when the page comes back and moves on."""

    async def open(self, mandate: Mandate, outbox: str) -> None:
        """Have an outbox take the page's events."""

    async def reserve(self, mandate: Mandate, site: str) -> str:
        """Reserve a page unless it is bound or reserved; intake does not see it. Returns the site it belongs to now."""

    async def write(self, mandate: Mandate, site: str) -> str:
        """Set the binding unless another site has the page, or has reserved it; returns the site it belongs to now."""

    async def erase(self, mandate: Mandate, site: str) -> None:
        """Remove the binding to this site, or its reservation."""

    async def move(self, mandate: Mandate, site: str, *, limit: int) -> int:
        """Move the oldest events from the page's holding outbox to a site's; returns how many were moved."""


class SiteLookup(Protocol):
    """Which sites there are."""

    async def exists(self, name: str) -> bool:
        """Whether there is such a site."""


class Bindings:
    """The use cases behind `relay bind` and `relay unbind`."""

    def __init__(self, store: BindingStore, sites: SiteLookup) -> None:
        self._store = store
        self._sites = sites

    async def bind(self, mandate: Mandate, site: str) -> int:
        """Bind a page; returns how many waiting events its site gets.

        Raises SiteNotFound, UserError when the page is another site's, ChangeOvertaken, StoreUnavailable.
        """
        page_id = mandate.page_id
        await self.check_site(site)
        refuse_other(await self._store.enter(mandate) or site, page_id, site)
        await self._store.fence(mandate, site)
        refuse_other(await self._store.reserve(mandate, site), page_id, site)
        return await self.complete(mandate, site)

    async def complete(self, mandate: Mandate, site: str) -> int:
        """Bind a page that is reserved for this site, from the third step on. Returns, and raises, as `bind` does."""
        page_id = mandate.page_id
        moved = await self._move(mandate, site, steps=MOVES_BEFORE_FENCE)
        await self._store.fence(mandate, holding_of(page_id))
        moved += await self._move(mandate, site)
        refuse_other(await self._store.write(mandate, site), page_id, site)
        await self._store.open(mandate, site)
        log.info("page_bound", page=page_id, site=site, waiting_events=moved)
        return moved

    async def unbind(self, mandate: Mandate, *, only_from: str = "") -> str:
        """Unbind a page: its site keeps what is already waiting, what comes later is kept unclaimed.

        Returns the site it was bound to. Raises PageNotBound when it is not bound, or to another site than
        `only_from` where that is named; ChangeOvertaken, StoreUnavailable.
        """
        site = await self._store.enter(mandate)
        if site is None or only_from not in {"", site}:
            raise PageNotBound(mandate.page_id)
        await self._store.leave(mandate, site)
        await self._store.open(mandate, holding_of(mandate.page_id))
        await self._store.erase(mandate, site)
        log.info("page_unbound", page=mandate.page_id, site=site)
        return site

    async def settle(self, mandate: Mandate) -> None:
        """Make the outboxes fit the binding: what waits unclaimed goes to the page's site, and intake is let through.

        A binding to a site that is no more is removed. Raises ChangeOvertaken, StoreUnavailable.
        """
        site = await self._store.enter(mandate)
        if site is None:
            await self._store.open(mandate, holding_of(mandate.page_id))
        elif await self.exists(site):
            await self.bind(mandate, site)
        else:
            await self.unbind(mandate)

    async def check(self, page_id: str, site: str) -> None:
        """Raise UserError when a page belongs to another site than this one, StoreUnavailable."""
        refuse_other(await self.find(page_id) or site, page_id, site)

    async def check_site(self, site: str) -> None:
        """Raise SiteNotFound when there is no such site, StoreUnavailable."""
        if not is_site_name(site) or not await self.exists(site):
            raise SiteNotFound(site)

    async def exists(self, site: str) -> bool:
        """Whether there is such a site. Raises StoreUnavailable."""
        return await self._sites.exists(site)

    async def find(self, page_id: str) -> str | None:
        """Return the site that a page belongs to, if there is one. Raises StoreUnavailable."""
        return await self._store.reserved_by(page_id)

    async def owner(self, page_id: str) -> str:
        """Return the site that a page belongs to. Raises UserError when there is none, StoreUnavailable."""
        site = await self.find(check_page_id(page_id))
        if site is None:
            raise PageNotBound(page_id)
        return site

    async def _move(self, mandate: Mandate, site: str, *, steps: int | None = None) -> int:
        """Move what waits until a step finds little, or after so many steps; returns how many events that were."""
        moved = 0
        for number in itertools.count(1):
            count = await self._store.move(mandate, site, limit=MOVED_AT_ONCE)
            moved += count
            if count < MOVED_AT_ONCE or number == steps:
                break
        return moved


def refuse_other(owner: str, page_id: str, site: str) -> None:
    """Raise UserError unless the owner is this site."""
    if owner != site:
        raise PageTaken(page_id, owner)
