"""What the use cases need of the world, as protocols. Adapters fit them without inheriting; tests bring fakes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from relay.core.delivery import Verdict
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
class Acknowledged:
    """What the site took of a batch."""

    entries: Sequence[Entry]
    rejected: Sequence[Rejection] = ()


class OutboxAppender(Protocol):
    """The writing side of the outboxes."""

    async def append(self, groups: Mapping[str, Sequence[Incoming]], *, token: str) -> Mapping[str, Appended]:
        """Append to several outboxes in one go, each atomically; events keep their order within an outbox.

        `token` is another one each time: an answer that was lost is asked for again with the same one.
        When this returns, what was not refused is as durable as the store promises. Raises StoreUnavailable when
        nothing may be promised, though some of it may have been stored.
        """


class OutboxDrain(Protocol):
    """The reading side of an outbox, for whoever holds its lease."""

    async def claim(self, outbox: str, *, token: str, due_by_ms: int | None = None) -> bool:
        """Take the lease if it is free; with `due_by_ms`, not while a parked site's next attempt is later than that.

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

    async def park(self, outbox: str, *, token: str, next_attempt_ms: int | None, reason: str) -> int | Step:
        """Give the lease back after a failure; None pauses the site. Returns the failures in a row, 0 when stale.

        HELD: the site announced itself during the attempt. Nothing was parked, the lease is still ours: try again now.
        """


class Delivery(Protocol):
    """How a batch travels. Today an HTTP push; a drain must not know."""

    async def deliver(self, site: str, entries: Sequence[Entry]) -> Verdict:
        """Bring the batch to its site and return what came of it; never raises for anything the site did."""


class ProbeSchedule(Protocol):
    """Where a parked site waits for its next attempt."""

    async def probe_at(self, site: str, *, at_ms: int, attempt: int) -> None:
        """Have the site probed at that time, once for each attempt."""


class Directory(Protocol):
    """Who owns which page."""

    async def owners(self, page_ids: Sequence[str]) -> Mapping[str, str]:
        """Return page → site for those of `page_ids` that are bound."""


class OddShelf(Protocol):
    """Where webhook entries go that cannot be routed."""

    async def keep(self, entries: Sequence[bytes]) -> None:
        """Keep them for a look by a person."""
