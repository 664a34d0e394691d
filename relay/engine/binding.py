"""Binding a page to a site, so that no event is lost, sent to both, or overtaken, whoever dies in between.

The steps, each harmless when it is done twice; a bind that was interrupted is finished by calling it again:

1. fence the page at its new site        events for it are refused there, so intake waits
2. fence the page where it was           from here on nothing new arrives there
3. write the binding if there is none  intake that looks it up again finds the new site
4. move what waits for the page while unclaimed into the site's outbox, oldest first
5. open the page at its new site         intake goes on, behind what waited

Between 1 and 5 intake for this page waits (`engine.intake.ROUTING_PAUSES_S`), typically for some milliseconds.
A page that is bound elsewhere is refused here: handing it over between sites is a decision of its own. Of two binds at
once the second finds the first one's binding in step 3 and ends; its site stays fenced, as it does not own the page.

Unbinding fences the page at its site, opens it where unclaimed events wait, and erases the binding last: until then an
interrupted unbind still knows what to finish when it is called again.
"""

from typing import Protocol

from relay.core.errors import SiteNotFound
from relay.core.outbox import holding_of
from relay.core.site import check_page_id
from relay.engine.ports import Directory
from shared.errors import UserError
from shared.logs import get_logger
from shared.names import is_site_name

log = get_logger(__name__)

MOVED_AT_ONCE = 500
"""Events moved in one step; bounds how much an interrupted bind may bring to the site twice."""


class BindingStore(Directory, Protocol):
    """What binding needs of the store; every method raises StoreUnavailable."""

    async def fence(self, outbox: str, page_id: str) -> None:
        """Have an outbox refuse the page's events."""

    async def open(self, outbox: str, page_id: str) -> None:
        """Have an outbox take the page's events."""

    async def write(self, page_id: str, site: str) -> str:
        """Set the binding if the page has none; returns the site it is bound to now."""

    async def erase(self, page_id: str) -> None:
        """Remove the binding."""

    async def move(self, holding: str, outbox: str, *, limit: int) -> int:
        """Move the oldest events from a holding outbox to a site's; returns how many were moved."""


class SiteLookup(Protocol):
    """Which sites there are."""

    async def exists(self, name: str) -> bool:
        """Whether there is such a site."""


class Bindings:
    """The use cases behind `relay bind` and `relay unbind`."""

    def __init__(self, store: BindingStore, sites: SiteLookup) -> None:
        self._store = store
        self._sites = sites

    async def bind(self, page_id: str, site: str) -> int:
        """Bind a page; returns how many waiting events its site gets. Raises UserError, StoreUnavailable."""
        check_page_id(page_id)
        if not is_site_name(site) or not await self._sites.exists(site):
            raise SiteNotFound(site)
        _refuse_other((await self._store.owners([page_id])).get(page_id, site), page_id, site)
        holding = holding_of(page_id)
        await self._store.fence(site, page_id)
        await self._store.fence(holding, page_id)
        _refuse_other(await self._store.write(page_id, site), page_id, site)
        moved = 0
        while count := await self._store.move(holding, site, limit=MOVED_AT_ONCE):
            moved += count
        await self._store.open(site, page_id)
        log.info("page_bound", page=page_id, site=site, waiting_events=moved)
        return moved

    async def unbind(self, page_id: str) -> str:
        """Unbind a page: its site keeps what is already waiting, what comes later is kept unclaimed.

        Returns the site it was bound to. Raises UserError when it is not bound, StoreUnavailable.
        """
        site = (await self._store.owners([check_page_id(page_id)])).get(page_id)
        if site is None:
            raise UserError(f"page {page_id} is not bound; `relay bindings` lists those that are")
        await self._store.fence(site, page_id)
        await self._store.open(holding_of(page_id), page_id)
        await self._store.erase(page_id)
        log.info("page_unbound", page=page_id, site=site)
        return site


def _refuse_other(owner: str, page_id: str, site: str) -> None:
    if owner != site:
        raise UserError(f"page {page_id} is bound to {owner}; `relay unbind {page_id}` first, then bind it anew")
