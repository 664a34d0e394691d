"""Takes in what the relay pushes: its own news of pages is acted on, everything is stored.

News first, then the store: until both are done the relay gets no receipt and comes again. News that is stored was
acted on, so a repetition of it, even of an older one after a newer, changes nothing. One batch at a time: whoever was
given up by the relay and still runs must not overtake who came after.
"""

import asyncio
from datetime import datetime

from pydantic import SecretStr

from onsite.core.gap import Span
from onsite.engine.channels import Credentials
from onsite.engine.errors import StoreUnavailable
from onsite.engine.inbox import Inbox
from onsite.engine.ports import ConnectedPages, GapNews
from shared import page_events
from shared.clock import LAST_MS
from shared.errors import VaultError, WireError
from shared.lenient import as_text
from shared.logs import get_logger
from shared.names import is_page_id
from shared.page_token import unseal
from shared.wire import Batch, Event, Receipt, Rejection

log = get_logger(__name__)


class RelayBatches:
    """The use case behind `POST /relay/events`."""

    def __init__(self, inbox: Inbox, pages: ConnectedPages, gaps: GapNews, *, secret: SecretStr) -> None:
        self._inbox = inbox
        self._pages = pages
        self._gaps = gaps
        self._secret = secret
        self._turn = asyncio.Lock()

    async def take(self, batch: Batch) -> Receipt:
        """Take a batch in. Raises StoreUnavailable; then the relay is to come again with all of it.

        An empty one is the relay's question whether a batch would get through: nothing is written for it, and it is
        answered as one that is stored would be.
        """
        if not batch.events and not batch.unreadable:
            await self._inbox.check()
            return Receipt(0)
        async with self._turn:
            return await self._take(batch)

    async def _take(self, batch: Batch) -> Receipt:
        news = [event for event in batch.events if event.kind in page_events.KINDS and is_page_id(event.page_id)]
        known = await self._inbox.known_news(news)
        outcomes = [await self._heed(event) for event in news if event.id not in known]
        refused = [each for each in outcomes if each is not None]
        refused_ids = {each.id for each in refused}
        rest = [event for event in batch.events if event.id not in refused_ids]
        receipt = await self._inbox.take_batch(Batch(batch.site, rest, batch.unreadable))
        return Receipt(receipt.accepted, [*receipt.rejected, *refused])

    async def _heed(self, event: Event) -> Rejection | None:
        """Act on news of a page; return why it cannot be acted on. Raises StoreUnavailable."""
        try:
            if event.kind == page_events.KIND_CONNECTED:
                await self._connected(event)
            elif event.kind == page_events.KIND_DISCONNECTED:
                await self._disconnected(event)
            elif event.kind == page_events.KIND_TOKEN_INVALID:
                await self._token_died(event)
            elif event.kind == page_events.KIND_GAP:
                await self._gap(event)
        except (WireError, VaultError) as error:
            log.warning("page_news_refused", page=event.page_id, kind=event.kind, reason=str(error))
            return Rejection(event.id, str(error))
        except StoreUnavailable:
            raise
        except Exception as error:  # a fault of ours over one event must not hold up all that comes after it
            log.exception("page_news_failed", page=event.page_id, kind=event.kind)
            return Rejection(event.id, f"the site failed over it ({type(error).__name__}); its log says why")
        return None

    async def _connected(self, event: Event) -> None:
        news = page_events.decode_connected(bytes(event.payload))
        token = unseal(news.sealed, page_id=event.page_id, secret=self._secret)
        await self._pages.page_connected(event.page_id, Credentials(token.token, token.proof), name=news.name)

    async def _disconnected(self, event: Event) -> None:
        news = page_events.decode_disconnected(bytes(event.payload))
        await self._pages.page_disconnected(event.page_id, news.reason)

    async def _token_died(self, event: Event) -> None:
        news = page_events.decode_token_invalid(bytes(event.payload))
        log.warning("page_token_dead", page=event.page_id, code=news.code, subcode=news.subcode)
        await self._pages.page_token_died(event.page_id, news.reason)

    async def _gap(self, event: Event) -> None:
        news = page_events.decode_gap(bytes(event.payload))
        span = Span(_ms(news.since), _ms(news.until))
        await self._gaps.gap_told(event.page_id, span, as_text(news.reason))


def _ms(moment: datetime) -> int:
    """Return milliseconds since 1970, none before, and none after the last that a calendar knows."""
    return min(max(0, int(moment.timestamp() * 1000)), LAST_MS)
