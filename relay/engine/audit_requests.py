"""Has a page audited now rather than in its own minute of the hour: the use case behind `relay bindings --audit`.

Nothing is asked of Facebook here: the page becomes the one that is due for longest, and whoever audits takes it with
the next look (`engine.watchdog`). So it is the same audit, by the same process, with the same pauses.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from relay.core.errors import PageNotBound
from relay.core.page import ConnectedPage, LockedPage
from relay.core.site import check_page_id
from relay.engine.watchdog import TICK_S
from shared.errors import UserError
from shared.logs import get_logger

log = get_logger(__name__)

FIRST_OF_ALL_MS = 0
"""A time of an audit that is before all others."""


class KeptPages(Protocol):
    """Where connected pages are kept."""

    async def many(self, page_ids: Sequence[str]) -> Mapping[str, ConnectedPage | LockedPage]:
        """Return what is kept of each, as far as it can be opened. Raises StoreUnavailable."""


class AuditTimes(Protocol):
    """When pages are audited."""

    async def plan(self, times: Mapping[str, int]) -> None:
        """Set the next audit of pages. Raises StoreUnavailable."""


@dataclass(frozen=True, slots=True)
class Requested:
    """An audit that comes next."""

    page_id: str
    site: str
    within_s: float
    """How long it may take to begin, unless audits are paused, as Facebook asked for it or cannot be reached."""


class AuditRequests:
    """Puts pages first."""

    def __init__(
        self, owners: Callable[[Sequence[str]], Awaitable[Mapping[str, str]]], pages: KeptPages, times: AuditTimes
    ) -> None:
        """`owners` returns page → site for those that are bound; raises StoreUnavailable."""
        self._owners = owners
        self._pages = pages
        self._times = times

    async def request(self, page_id: str) -> Requested:
        """Have a page audited with the next look.

        Raises PageNotBound, UserError for a page that was bound without a token, StoreUnavailable.
        """
        site = (await self._owners([check_page_id(page_id)])).get(page_id)
        if site is None:
            raise PageNotBound(page_id)
        if page_id not in await self._pages.many([page_id]):
            raise UserError(
                f"page {page_id} is bound without a token, and Facebook tells nothing of it without:"
                f" `relay bind {page_id} {site} --page-token-file -` connects it with one"
            )
        await self._times.plan({page_id: FIRST_OF_ALL_MS})
        log.info("audit_requested", page=page_id, site=site)
        return Requested(page_id, site, TICK_S)
