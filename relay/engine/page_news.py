"""Tells a page's site what became of the page, through its outbox. Not whether it is to be told: `engine.watchdog`.

A page may be moved or unbound meanwhile: its outbox refuses the event then, and the binding is looked up again.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

from relay.core.audit import Audit
from relay.core.page import ConnectedPage
from relay.core.webhook import Incoming
from relay.engine.page_connection import Append
from shared import page_events
from shared.logs import get_logger
from shared.page_events import PageEvent, PageGap, PageTokenInvalid

log = get_logger(__name__)

Owners = Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]
"""Returns page → site for those that are bound. Raises StoreUnavailable."""
HandingOver = Callable[[ConnectedPage, str], Awaitable[Incoming | None]]
"""Returns what gives a site a page's token; None where it cannot be sealed for it. Raises StoreUnavailable."""


class PageNews:
    """Fits `engine.watchdog.News`."""

    def __init__(self, owners: Owners, append: Append, handing_over: HandingOver) -> None:
        self._owners = owners
        self._append = append
        self._handing_over = handing_over

    async def gap(self, page_id: str, site: str, *, from_ms: int, to_ms: int, reason: str) -> bool:
        """See `engine.watchdog.News.gap`."""
        log.warning("page_gap", page=page_id, site=site, since=_instant(from_ms).isoformat())
        gap = PageGap(_instant(from_ms), _instant(to_ms), reason)
        return await self._tell(site, _incoming(page_id, page_events.KIND_GAP, gap))

    async def token_invalid(self, page_id: str, site: str, audit: Audit) -> bool:
        """See `engine.watchdog.News.token_invalid`."""
        log.warning("page_token_dead", page=page_id, site=site, code=audit.code, subcode=audit.subcode)
        news = PageTokenInvalid(audit.words, audit.code, audit.subcode)
        return await self._tell(site, _incoming(page_id, page_events.KIND_TOKEN_INVALID, news))

    async def token_valid(self, page: ConnectedPage, site: str) -> bool:
        """See `engine.watchdog.News.token_valid`. The token itself says so: it ends whatever was said of it before."""
        if page.site != site:
            return False
        event = await self._handing_over(page, site)
        if event is None or not await self._tell(site, event):
            return False
        log.info("page_token_works_again", page=page.page_id, site=site)
        return True

    async def _tell(self, site: str, event: Incoming) -> bool:
        if (await self._owners([event.page_id])).get(event.page_id) != site:
            return False
        refused = await self._append(site, [event])
        if refused:
            log.info("page_is_being_moved", page=event.page_id, site=site)
        return not refused


def _incoming(page_id: str, kind: str, event: PageEvent) -> Incoming:
    return Incoming(page_id, kind, page_events.encode(event))


def _instant(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, tz=UTC)
