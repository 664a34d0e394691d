"""Keeps what the relay says of gaps."""

from onsite.core.gap import Span
from onsite.core.model import Platform
from onsite.engine.channels import ChannelRef
from onsite.engine.gaps import Gap, GapStore
from shared.clock import iso_ms
from shared.logs import get_logger

log = get_logger(__name__)


class Backfills:
    """The use cases of gaps."""

    def __init__(self, store: GapStore) -> None:
        self._store = store

    async def gap_told(self, page_id: str, span: Span, reason: str) -> None:
        """Keep a gap that the relay found. Raises StoreUnavailable."""
        await self._add(page_id, span, reason)

    async def _add(self, page_id: str, span: Span, reason: str) -> Gap:
        gap = await self._store.add(ChannelRef(Platform.FACEBOOK, page_id), span, reason)
        log.info("gap_kept", page=page_id, gap=gap.id, since=iso_ms(gap.span.since_ms), until=iso_ms(gap.span.until_ms))
        return gap
