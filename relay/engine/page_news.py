"""Tells a page's site what became of the page, through its outbox. Not whether it is to be told: `engine.watchdog`.

A page may be moved or unbound meanwhile: its outbox refuses the event then, and the binding is looked up again.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

from relay.core.audit import Audit
from relay.core.webhook import Incoming
from relay.engine.page_connection import Append
from shared import page_events
from shared.logs import get_logger
from shared.page_events import PageEvent, PageGap, PageTokenInvalid

log = get_logger(__name__)

Owners = Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]
"""Returns page → site for those that are bound. Raises StoreUnavailable."""


class PageNews:
    """Fits `engine.watchdog.News`."""

    def __init__(self, owners: Owners, append: Append) -> None:
        self._owners = owners
        self._append = append

    async def gap(self, page_id: str, site: str, *, from_ms: int, to_ms: int, reason: str) -> bool:
        """See `engine.watchdog.News.gap`."""
        log.warning("page_gap", page=page_id, site=site, since=_instant(from_ms).isoformat())
        gap = PageGap(_instant(from_ms), _instant(to_ms), reason)
        return await self._tell(page_id, site, page_events.KIND_GAP, gap)

    async def token_invalid(self, page_id: str, site: str, audit: Audit) -> bool:
        """See `engine.watchdog.News.token_invalid`."""
        log.warning("page_token_dead", page=page_id, site=site, code=audit.code, subcode=audit.subcode)
        news = PageTokenInvalid(audit.words, audit.code, audit.subcode)
        return await self._tell(page_id, site, page_events.KIND_TOKEN_INVALID, news)

    async def _tell(self, page_id: str, site: str, kind: str, event: PageEvent) -> bool:
        if (await self._owners([page_id])).get(page_id) != site:
            return False
        refused = await self._append(site, [Incoming(page_id, kind, page_events.encode(event))])
        if refused:
            log.info("page_is_being_moved", page=page_id, site=site)
        return not refused


def _instant(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, tz=UTC)
