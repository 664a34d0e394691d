"""The sweep: finds outboxes that have events and nobody who brings them, whatever died in between.

It looks only at outboxes marked in the backlog index, so it costs one command while nothing waits, whatever the number
of sites. A mark is set before each append and cleared only here, on a second look: when the outbox is empty, undrained,
and its mark so old that no process can still rely on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from relay.core.backoff import MAX_RETRY_AFTER_S
from relay.core.delivery import DeliveryState
from relay.core.outbox import is_holding
from shared.clock import Clock

SWEEP_EVERY_S = 2.0
SECOND_LOOK_AFTER_S = 60.0
"""Age of a mark before it may be cleared; far above what an appending process trusts its own marks for."""
OVERDUE_AFTER_S = 5.0
"""How late a probe may be before the sweep takes its place: its worker died, or RQ's schedule is lost."""


LONGEST_WAIT_S = MAX_RETRY_AFTER_S + OVERDUE_AFTER_S
"""A next attempt further ahead than any we schedule was set by a clock that was wrong; such a site is due."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the index and the outbox say of one outbox."""

    outbox: str
    marked_at_ms: int
    events: int
    leased: bool
    state: DeliveryState
    next_attempt_ms: int


class Action(StrEnum):
    """What the sweep does about an outbox."""

    NOTHING = "nothing"
    DRAIN = "drain"
    CLEAR = "clear"


def judge(waiting: Waiting, *, now: float) -> Action:
    """Say what an outbox needs."""
    if waiting.leased:
        return Action.NOTHING
    if waiting.events == 0:
        settled = now - waiting.marked_at_ms / 1000 > SECOND_LOOK_AFTER_S
        return Action.CLEAR if settled else Action.NOTHING
    if is_holding(waiting.outbox) or waiting.state is DeliveryState.PAUSED:
        return Action.NOTHING
    wait_s = waiting.next_attempt_ms / 1000 - now
    if waiting.state is DeliveryState.PARKED and -OVERDUE_AFTER_S < wait_s <= LONGEST_WAIT_S:
        return Action.NOTHING
    return Action.DRAIN


class BacklogIndex(Protocol):
    """The index of outboxes that may have a backlog."""

    async def waiting(self) -> Sequence[Waiting]:
        """Return what is known of each marked outbox. Raises StoreUnavailable."""

    async def clear(self, outbox: str, *, marked_at_ms: int) -> None:
        """Remove a mark, unless it was set anew since."""


class Claims(Protocol):
    """Whoever can start a drain: a lane."""

    async def claim(self, outbox: str) -> bool:
        """Drain an outbox if nobody else does."""


async def sweep(index: BacklogIndex, lane: Claims, *, clock: Clock) -> int:
    """Look once at every marked outbox. Returns how many drains it started. Raises StoreUnavailable."""
    started = 0
    for waiting in await index.waiting():
        match judge(waiting, now=clock()):
            case Action.DRAIN:
                started += await lane.claim(waiting.outbox)
            case Action.CLEAR:
                await index.clear(waiting.outbox, marked_at_ms=waiting.marked_at_ms)
            case Action.NOTHING:
                pass
    return started
