"""What operators see: each site's delivery, and what waits; and the one thing they change of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from relay.core.delivery import DeliveryState


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """How one outbox stands. Times are milliseconds since 1970, None where there was none."""

    outbox: str
    state: DeliveryState
    waiting: int
    oldest_at_ms: int | None
    delivering: bool
    """Whether somebody holds its lease now."""
    delivered: int
    dead_letters: int
    failures: int
    parked_since_ms: int | None
    next_attempt_ms: int | None
    last_error: str
    last_error_at_ms: int | None
    last_success_at_ms: int | None


class DeliveryStates(Protocol):
    """Where the status is read, and where an operator changes it."""

    async def outboxes(self, names: Sequence[str]) -> Sequence[OutboxStatus]:
        """Return the status of each outbox, in the order asked for. Raises StoreUnavailable."""

    async def marked(self) -> Sequence[str]:
        """Return the names of outboxes that may have a backlog."""

    async def resume(self, name: str) -> DeliveryState:
        """Make a site up, have the sweep look at it, and return what it was before. Raises StoreUnavailable."""
