"""What the use cases need of the world, as protocols. Adapters fit them without inheriting; tests bring fakes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from relay.core.delivery import Verdict
from relay.core.errors import StoreUnavailable
from relay.core.outbox import BatchLimits, Entry
from relay.core.webhook import Incoming
from shared.wire import Rejection


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of events offered to one outbox."""

    leased: bool
    """Whether the caller now holds the outbox's lease, and so must drain it."""
    refused: Sequence[int] = ()
    """Indices, counted from 0, of events whose page does not belong to this outbox: look the binding up again."""


class Step(StrEnum):
    """What the store answers to the holder of a lease, when it is no batch."""

    STALE = "stale"
    HELD = "held"
    IDLE = "idle"
    PAUSED = "paused"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Batch:
    """The next events of an outbox, at least one, oldest first."""

    entries: Sequence[Entry]
    failures: int
    """Failures in a row before this batch."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A site is parked."""

    failures: int
    """Failures in a row, this one included."""
    next_attempt_ms: int
    """By the store's own clock, as those of processes differ."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """The event that was last refused although it came alone."""

    event_id: str = ""
    times: int = 0


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What the site took of a batch."""

    entries: Sequence[Entry]
    rejected: Sequence[Rejection] = ()


class OutboxAppender(Protocol):
    """The writing side of the outboxes."""

    async def append(
        self, groups: Mapping[str, Sequence[Incoming]], *, token: str
    ) -> Mapping[str, Appended | StoreUnavailable]:
        """Append to several outboxes in one go, each atomically; events keep their order within an outbox.

        `token` is another one each time: an answer that was lost is asked for again with the same one.
        When this returns, what was not refused is as durable as the store promises. In place of an outbox's answer may
        stand the error for which nothing of it may be promised, though some of it may have been stored; raised is what
        concerns all of them.
        """


class OutboxDrain(Protocol):
    """The reading side of an outbox, for whoever holds its lease."""

    async def claim(self, outbox: str, *, token: str, if_due: bool = False) -> bool:
        """Take the lease if it is free; with `if_due`, not while a parked site's next attempt lies ahead.

        Whether the site is paused is looked at by the first `next_batch`. `token` is another one each time, as above.
        """

    async def next_batch(
        self, outbox: str, *, token: str, done: Acknowledged | None, limits: BatchLimits
    ) -> Batch | Step:
        """Hand in what was acknowledged, get what comes next; IDLE and PAUSED have released the lease."""

    async def extend(self, outbox: str, *, token: str) -> Step:
        """Keep the lease while a slow site answers."""

    async def release(self, outbox: str, *, token: str, done: Acknowledged | None) -> Step:
        """Hand in what was acknowledged and give the lease back although more may wait."""

    async def park(
        self, outbox: str, *, token: str, wait_s: float | None, reason: str, refused: str = ""
    ) -> Parked | Step:
        """Give the lease back after a failure, for so many seconds; None pauses the site.

        `refused` is the event that was refused although it came alone. STALE: the lease is not ours, nothing changed.
        PAUSED: the site is paused, by this or by an operator. HELD: the site announced itself during the attempt;
        nothing was parked, the lease is still ours: try again now.
        """

    async def refusals(self, outbox: str) -> Refusals:
        """Return which event was last refused alone, and how often in a row."""


class Delivery(Protocol):
    """How a batch travels. Today an HTTP push; a drain must not know."""

    async def deliver(self, site: str, entries: Sequence[Entry]) -> Verdict:
        """Bring the batch to its site and return what came of it; never raises for anything the site did."""


class ProbeSchedule(Protocol):
    """Where a parked site waits for its next attempt."""

    async def probe_at(self, site: str, *, at_ms: int, attempt: int) -> None:
        """Have the site probed at that time (ms), and at no other; `attempt` failed before it."""

    async def go_on(self, site: str) -> None:
        """Have the site drained further as soon as a worker has time, behind those that wait already."""


class Directory(Protocol):
    """Who owns which page."""

    async def owners(self, page_ids: Sequence[str]) -> Mapping[str, str]:
        """Return page → site for those of `page_ids` that are bound."""


class OddShelf(Protocol):
    """Where webhook entries go that cannot be routed, and items that cannot be read."""

    async def keep(self, entries: Sequence[bytes], *, reason: str) -> None:
        """Keep them, with what is odd about them, for a look by a person."""
