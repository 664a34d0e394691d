"""What operators see: each site's delivery, and what waits; and the two things they change of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from relay.core.delivery import DeliveryState
from relay.core.limits import LossReason


@dataclass(frozen=True, slots=True)
class Loss:
    """How much was lost for one reason."""

    reason: LossReason
    count: int
    last_at_ms: int | None


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
    waiting_bytes: int = 0
    dead_bytes: int = 0
    oldest_id: str = ""
    """The event that goes first; empty where nothing waits."""
    oldest_refused: int = 0
    """How often in a row the site refused it although it came alone (`core.suspects`)."""
    fill: float = 0.0
    """How much of its limits is used: at 0.8 new receipts are no longer kept, at 1.0 the oldest events go."""
    losses: Sequence[Loss] = ()
    """What it lost since it exists; empty where it lost nothing."""


class DeliveryStates(Protocol):
    """Where the status is read, and where an operator changes it."""

    async def outboxes(self, names: Sequence[str]) -> Sequence[OutboxStatus]:
        """Return the status of each outbox, in the order asked for. Raises StoreUnavailable."""

    async def marked(self) -> Sequence[str]:
        """Return the names of outboxes that may have a backlog."""

    async def lossy(self) -> Sequence[str]:
        """Name the outboxes of unclaimed pages that may have lost something."""

    async def resume(self, name: str) -> DeliveryState:
        """Make a site up, have the sweep look at it, and return what it was before. Raises StoreUnavailable."""

    async def pause(self, name: str, *, reason: str) -> DeliveryState:
        """Make a site paused, and return what it was; one that is paused stays as it is. Raises StoreUnavailable."""
