"""Takes in what channels deliver: reads it, stores it in one transaction, says what became of it. No HTTP, no SQL.

What the store accepts is committed. If the store refuses a batch for its content (which `storable` should make
impossible), the events go in one by one, so that an unforeseen fault costs one event and never blocks what follows it.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from onsite.core.facebook.conversations import Customer, Listed
from onsite.core.model import Platform
from onsite.engine.bell import Bell
from onsite.engine.channels import ChannelRef
from onsite.engine.errors import StoreUnavailable
from onsite.engine.incoming import Applied, EventState, IncomingBatch, IncomingEvent, NextOffset
from onsite.engine.metrics import Metrics
from onsite.engine.ports import InboxStore, ItemTranslator, UpdateId, UpdateTranslator
from onsite.engine.reading import key_of_news, quarantine, read_found, read_relay_event, read_update
from onsite.engine.storable import MAX_INT
from shared.clock import Clock
from shared.logs import get_logger
from shared.names import is_page_id
from shared.wire import Batch, Event, Receipt, Rejection

log = get_logger(__name__)


class Inbox:
    """Both channels' way into the store."""

    def __init__(
        self,
        store: InboxStore,
        *,
        translate_item: ItemTranslator,
        translate_update: UpdateTranslator,
        update_id_of: UpdateId,
        bell: Bell,
        metrics: Metrics,
        clock: Clock,
        on_messages: Callable[[Applied], object] = lambda _applied: None,
    ) -> None:
        """`on_messages` is called after something was said that was not here before."""
        self._store = store
        self._translate_item = translate_item
        self._translate_update = translate_update
        self._update_id_of = update_id_of
        self._bell = bell
        self._metrics = metrics
        self._clock = clock
        self._on_messages = on_messages
        self.last_batch_at_ms: int | None = None
        """When the relay's last push was committed."""
        self.last_batch_refused = False
        """Whether the relay's last push could not be stored, as the database did not do its work."""

    async def take_batch(self, batch: Batch) -> Receipt:
        """Store a push of the relay's. Raises StoreUnavailable; then nothing of it is stored."""
        now_ms = self._now_ms()
        routable = [event for event in batch.events if is_page_id(event.page_id)]
        events = [read_relay_event(event, translate=self._translate_item, now_ms=now_ms) for event in routable]
        try:
            await self._apply(IncomingBatch(events))
        except StoreUnavailable:
            self.last_batch_refused = True
            raise
        self.last_batch_refused, self.last_batch_at_ms = False, self._now_ms()
        rejected = [Rejection(odd.id, odd.reason) for odd in batch.unreadable]
        rejected += [_without_page(event) for event in batch.events if not is_page_id(event.page_id)]
        return Receipt(accepted=len(events), rejected=rejected)

    async def known_news(self, news: Sequence[Event]) -> set[str]:
        """Return the ids of those of the relay's own events that are stored already. Raises StoreUnavailable."""
        keys = {(event.page_id, key_of_news(event)): event.id for event in news}
        known = await self._store.known(Platform.FACEBOOK, list(keys)) if keys else set()
        return {keys[each] for each in known}

    async def check(self) -> None:
        """Ask whether a push could be stored now. Raises StoreUnavailable."""
        await self._store.check()

    async def take_updates(self, channel: ChannelRef, updates: Sequence[bytes]) -> bool:
        """Store what a poll of Telegram brought, together with where the next poll begins.

        False when no update told its id, so that the offset could not move. Raises StoreUnavailable.
        """
        now_ms = self._now_ms()
        ids = [self._id_of(update) for update in updates]
        events = [
            read_update(update, channel=channel, update_id=update_id, translate=self._translate_update, now_ms=now_ms)
            for update, update_id in zip(updates, ids, strict=True)
        ]
        known = [update_id for update_id in ids if update_id is not None]
        # Of this answer alone: after a quiet week Telegram may go on with a lower number than before.
        next_offset = NextOffset(channel, max(known) + 1) if known else None
        await self._apply(IncomingBatch(events, next_offset))
        return next_offset is not None

    async def take_found(self, page_id: str, customer: Customer, found: Sequence[Listed]) -> int:
        """Store messages that a conversation was read for; returns how many were not there. Raises StoreUnavailable."""
        now_ms = self._now_ms()
        return await self._apply(
            IncomingBatch([read_found(each, customer, page_id=page_id, now_ms=now_ms) for each in found])
        )

    async def _apply(self, batch: IncomingBatch) -> int:
        """Store a batch; returns how many messages were added."""
        started = time.perf_counter()
        try:
            applied = await self._store.apply(batch)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  logged below; nothing of the batch is stored at this point
            log.warning("batch_not_storable", events=len(batch.events), reason=type(error).__name__)
            added = await self._apply_singly(batch)
        else:
            self._note(batch.events, applied)
            added = applied.messages
        self._metrics.apply_seconds.observe(time.perf_counter() - started)
        return added

    async def _apply_singly(self, batch: IncomingBatch) -> int:
        added = 0
        for event in batch.events:
            single = IncomingBatch([event])
            try:
                applied = await self._store.apply(single)
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001  the event keeps the reason
                applied = await self._store.apply(IncomingBatch([quarantine(event, error)]))
            self._note(single.events, applied)
            added += applied.messages
        await self._store.apply(replace(batch, events=()))
        return added

    def _note(self, events: Sequence[IncomingEvent], applied: Applied) -> None:
        if applied.outbound_touched:
            self._bell.ring()
        if applied.messages:
            self._on_messages(applied)
        for (platform, state), count in Counter((each.channel.platform, each.state) for each in applied.fresh).items():
            self._metrics.events.labels(platform, state).inc(count)
        for event in applied.fresh:
            if event.state is EventState.QUARANTINED:
                log.warning(
                    "event_quarantined",
                    platform=event.channel.platform,
                    channel=event.channel.external_id,
                    source_id=event.source_id,
                    reason=event.error,
                )
        self._metrics.messages.inc(applied.messages)
        if events and len(events) > len(applied.fresh):
            self._metrics.repeats.labels(events[0].channel.platform).inc(len(events) - len(applied.fresh))

    def _id_of(self, update: bytes) -> int | None:
        try:
            update_id = self._update_id_of(update)
        except Exception:  # noqa: BLE001  the update itself ends in quarantine, with the reason
            return None
        return update_id if 0 <= update_id < MAX_INT else None

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _without_page(event: Event) -> Rejection:
    return Rejection(event.id, "its page_id is no page's id")
