"""What the site keeps of gaps: stretches of time in which Facebook may have sent nothing, and how far each is read.

Gap:    waiting ──────────────> done       all its threads were read
           │  <─> stopped                  no usable token; waits again when there is another
           └────> merged                   it became part of a longer gap, which goes on in its place

A thread of a gap is waiting until it was read once; what of it cannot be read is counted there. What is done or merged
is kept for a while, to be looked at, and then goes with its threads.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from onsite.core.gap import Span
from onsite.engine.channels import ChannelRef


class GapState(StrEnum):
    """How far a gap is."""

    WAITING = "waiting"
    """To be read, or being read."""
    STOPPED = "stopped"
    """Cannot be read until somebody mends what its sentence says."""
    MERGED = "merged"
    DONE = "done"


OPEN_STATES = frozenset({GapState.WAITING, GapState.STOPPED})


class ThreadState(StrEnum):
    """How far one thread of a gap is."""

    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time of one page."""

    id: int
    channel_id: int
    page_id: str
    span: Span
    reason: str
    """Why there is a gap, in words."""
    state: GapState
    sentence: str
    """What keeps it from being read, and what mends it; empty while all goes well."""
    listed: bool
    """Whether all its threads are known."""
    merged_into: int | None
    """The gap that goes on in its place."""
    not_before_ms: int
    """Until when Facebook is to be left alone; 0 or past: it may be asked."""
    ended_at_ms: int | None
    """When it was done with, or became part of another."""


@dataclass(frozen=True, slots=True)
class ThreadRead:
    """What reading one thread brought."""

    thread_id: str
    contact: str
    """The customer's page-scoped id; empty where the thread names none."""
    found: int
    """Messages that were not there before."""
    missing: int
    """Messages of the gap that Facebook has, does not show any more, and that are not here either."""


@dataclass(frozen=True, slots=True)
class GapView:
    """A gap with what came of it so far."""

    gap: Gap
    threads: int
    read: int
    found: int
    beyond_reach: Sequence[ThreadRead]
    """The threads of which something is missing for good, those with the most first; a bounded number."""
    beyond_reach_count: int
    missing: int


class GapStore(Protocol):
    """Where gaps live. All may raise StoreUnavailable."""

    async def add(self, ref: ChannelRef, span: Span, reason: str, *, now_ms: int) -> Gap:
        """Keep a gap; one that meets others of the channel which are still open becomes one with them."""
        ...

    async def channels_with_work(self) -> Sequence[int]:
        """Return the channels that have a waiting gap."""
        ...

    async def next_gap(self, channel_id: int) -> Gap | None:
        """Return the oldest waiting gap of a channel."""
        ...

    async def reopen(self, channel_id: int) -> int:
        """Let the channel's stopped gaps wait again; returns how many there were."""
        ...

    async def note(self, gap_id: int, sentence: str, *, stopped: bool = False, not_before_ms: int = 0) -> None:
        """Write what keeps an open gap from being read, and until when; an empty sentence clears it."""
        ...

    async def add_threads(self, gap_id: int, thread_ids: Sequence[str]) -> int:
        """Keep threads that are to be read; returns how many were not known."""
        ...

    async def listed(self, gap_id: int) -> None:
        """Note that all threads of a gap are known."""
        ...

    async def next_thread(self, gap_id: int) -> str | None:
        """Return a thread that is still to be read."""
        ...

    async def finish_thread(self, gap_id: int, read: ThreadRead) -> None:
        """Note that a thread was read."""
        ...

    async def finish(self, gap_id: int, *, now_ms: int) -> None:
        """Note that a gap was read as a whole."""
        ...

    async def missing(self, channel_id: int, contact: str, message_keys: Collection[str]) -> Collection[str]:
        """Return those of the platform's ids that no message in the conversation with `contact` has."""
        ...

    async def view(self, gap_id: int) -> GapView:
        """Return one. Raises GapNotFound."""
        ...

    async def views(self, *, limit: int) -> Sequence[GapView]:
        """List gaps, the newest first, without those that were merged."""
        ...

    async def views_of_interest(self, *, limit: int, ended_since_ms: int) -> Sequence[GapView]:
        """List those that are open, then those of which something is missing or that ended since, the newest first."""
        ...

    async def prune(self, *, ended_before_ms: int, keep: int, at_most: int) -> int:
        """Forget gaps that ended before then, and all but the newest `keep` that ended; returns how many went."""
        ...
