"""What stands in outboxes, and their names. Values only; Redis is `adapters.redis_outbox`.

Each site has an outbox of its own name. A page that no site claims has a *holding* outbox, named after the page, which
nobody drains: when the page is bound, what waits there moves to the site's outbox, ahead of what comes later.
"""

from dataclasses import dataclass
from typing import NamedTuple

from msgspec import Raw

from shared.clock import iso_ms
from shared.wire import Event

_HOLDING_MARK = "~"
"""No site's name can start with it (`shared.names`)."""


def holding_of(page_id: str) -> str:
    """Name the holding outbox of a page."""
    return _HOLDING_MARK + page_id


def is_holding(outbox: str) -> bool:
    """Whether this outbox belongs to an unclaimed page rather than to a site."""
    return outbox.startswith(_HOLDING_MARK)


def page_of(holding: str) -> str:
    """Return the page whose holding outbox this is."""
    return holding.removeprefix(_HOLDING_MARK)


class Entry(NamedTuple):
    """One event in an outbox."""

    id: str
    """Redis' stream id: `<milliseconds>-<number>`; its first part is when the event came into this outbox."""
    page_id: str
    kind: str
    payload: bytes
    arrived_ms: int | None = None
    """When it was accepted, where that was another time: it waited unclaimed, or was a dead letter."""

    @property
    def accepted_at_ms(self) -> int:
        """When the event was accepted, by Redis' clock."""
        return int(self.id.partition("-")[0]) if self.arrived_ms is None else self.arrived_ms

    def as_event(self) -> Event:
        """Write it as the wire knows it."""
        return Event(self.id, self.page_id, iso_ms(self.accepted_at_ms), self.kind, Raw(self.payload))


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How much one push may carry. At least one event is always carried, however large."""

    max_events: int
    max_bytes: int


DEFAULT_LIMITS = BatchLimits(max_events=500, max_bytes=1024 * 1024)
"""Large enough that a backlog drains in few round trips, small enough that a batch sent twice costs little."""
