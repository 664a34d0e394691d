"""Quarantine: events that no translator could read, kept as they came, and tried again when somebody asks for it.

What can be read by then takes its place in the conversations by its own time, as if it had never been here; what still
cannot stays, with the reason of today and one try more. The rule: an event leaves only in the transaction that stores
what it means.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from onsite.engine.bell import Bell
from onsite.engine.incoming import Applied, EventState, IncomingEvent
from onsite.engine.ports import ItemTranslator, UpdateTranslator
from onsite.engine.reading import read_again

AT_ONCE = 100
"""Events tried again in one go: a fraction of a second."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An event that could not be read."""

    id: int
    event: IncomingEvent
    """As it is stored: its payload as it came, its error of the last try."""
    channel_name: str
    tries: int
    """How often it was tried to be read."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What trying again came to."""

    read: int
    """How many could be read, and left."""
    still: int
    last: int | None
    """The last one that was tried, where there may be more behind it."""


class QuarantineStore(Protocol):
    """Where they are; every method may raise StoreUnavailable."""

    async def newest(self, *, limit: int, before: int | None) -> Sequence[Quarantined]:
        """List them, the newest first."""
        ...

    async def oldest(self, *, limit: int, behind: int) -> Sequence[Quarantined]:
        """List those behind an id, the oldest first."""
        ...

    async def one(self, event_id: int) -> Quarantined:
        """Return one. Raises EventNotFound, also for one that left."""
        ...

    async def release(self, event_id: int, event: IncomingEvent) -> Applied | None:
        """Store what it means, in its place; None when it left meanwhile."""
        ...

    async def keep(self, event_id: int, error: str) -> None:
        """Note one try more, and why it was in vain."""
        ...


class Quarantine:
    """The use case behind `onsite quarantine`."""

    def __init__(
        self,
        store: QuarantineStore,
        *,
        translate_item: ItemTranslator,
        translate_update: UpdateTranslator,
        bell: Bell,
        wake_media: Callable[[], None] = lambda: None,
    ) -> None:
        """`wake_media` is called when there is something new to fetch."""
        self._store = store
        self._translate_item = translate_item
        self._translate_update = translate_update
        self._bell = bell
        self._wake_media = wake_media

    async def retry(self, event_id: int) -> Tried:
        """Try one again. Raises EventNotFound, StoreUnavailable."""
        return await self._retry([await self._store.one(event_id)], last=None)

    async def retry_next(self, *, behind: int) -> Tried:
        """Try the next ones again, the oldest first. Raises StoreUnavailable."""
        events = await self._store.oldest(limit=AT_ONCE, behind=behind)
        return await self._retry(events, last=events[-1].id if len(events) == AT_ONCE else None)

    async def _retry(self, events: Sequence[Quarantined], *, last: int | None) -> Tried:
        read = 0
        for event in events:
            again = read_again(
                event.event, translate_item=self._translate_item, translate_update=self._translate_update
            )
            if again.state is EventState.QUARANTINED:
                await self._store.keep(event.id, again.error)
                continue
            applied = await self._store.release(event.id, again)
            read += 1
            if applied is not None and applied.outbound_touched:
                self._bell.ring()
            if applied is not None and applied.media:
                self._wake_media()
        return Tried(read, len(events) - read, last)
