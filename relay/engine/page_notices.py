"""What the relay tells sites of a page: that they have it, with its token, and that they have it no more."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from pydantic import SecretStr

from relay.core.change import Mandate
from relay.core.errors import SiteNotFound
from relay.core.page import ConnectedPage
from relay.core.site import Site
from relay.core.webhook import Incoming
from shared import page_events
from shared.clock import Clock
from shared.errors import VaultError
from shared.logs import get_logger
from shared.page_events import PageConnected, PageDisconnected
from shared.page_token import PageToken, seal

log = get_logger(__name__)

MOVED_AWAY = "the relay's operator handed the page over to another site"
"""Told to the old site, in words for its people; whose the new one is does not concern them."""


class Reassigning(Protocol):
    """Where connected pages are kept."""

    async def reassign(self, mandate: Mandate, site: str, *, now_ms: int) -> ConnectedPage | None:
        """Note that a page is another site's from now on; returns it, or None where nothing is kept of it.

        Raises ChangeOvertaken, VaultError, StoreUnavailable.
        """


class PageNotices:
    """Fits `engine.handover.Notices`."""

    def __init__(
        self,
        pages: Reassigning,
        *,
        find_site: Callable[[str], Awaitable[Site]],
        proof_of: Callable[[SecretStr], SecretStr],
        clock: Clock,
    ) -> None:
        """`proof_of(token)` returns the token's `appsecret_proof`."""
        self._pages = pages
        self._find_site = find_site
        self._proof_of = proof_of
        self._clock = clock

    def parting(self, page_id: str) -> Incoming:
        """See `engine.handover.Notices.parting`."""
        return disconnected(page_id, MOVED_AWAY)

    async def arrival(self, mandate: Mandate, site: str) -> Incoming | None:
        """See `engine.handover.Notices.arrival`. What cannot be read keeps no page from moving."""
        try:
            page = await self._pages.reassign(mandate, site, now_ms=round(self._clock() * 1000))
        except VaultError as error:
            _log_kept_back(mandate.page_id, site, error)
            return None
        return None if page is None else await self.handing_over(page, site)

    async def handing_over(self, page: ConnectedPage, site: str) -> Incoming | None:
        """Return what gives a site a page's token; None where it cannot be sealed for it. Raises StoreUnavailable."""
        try:
            return connected(page, await self._find_site(site), self._proof_of(page.token))
        except (VaultError, SiteNotFound) as error:
            _log_kept_back(page.page_id, site, error)
            return None


def _log_kept_back(page_id: str, site: str, error: Exception) -> None:
    log.warning("page_token_kept_back", page=page_id, site=site, reason=str(error))


def connected(page: ConnectedPage, site: Site, proof: SecretStr) -> Incoming:
    """Give a site a page's token, sealed for it alone. Raises InvalidSiteSecret."""
    sealed = seal(PageToken(page.token, proof), page_id=page.page_id, secrets=site.secrets)
    return Incoming(page.page_id, page_events.KIND_CONNECTED, page_events.encode(PageConnected(page.name, sealed)))


def disconnected(page_id: str, reason: str) -> Incoming:
    """Tell a site that nothing comes for a page any more."""
    return Incoming(page_id, page_events.KIND_DISCONNECTED, page_events.encode(PageDisconnected(reason)))
