"""The sweep: finds outboxes that have events and nobody who brings them, whatever died in between.

The index says of each outbox that may have a backlog when it is to be looked at next, by Redis' own clock, so that no
process's clock matters. Whoever appends or takes a lease marks the outbox first: look at once. The sweep alone writes
later times; so a sweep is one command while no look is due, however many outboxes wait for a parked, paused or no site.

    what the look finds                          what is done   the next look
    somebody holds the lease                     nothing        when the lease has run out, unless it was renewed
    nothing waits                                nothing        after LOOK_AT_EMPTY_EVERY_S
    nothing has waited for FORGET_AFTER_S        forgotten      with the next mark
    a page that no site claims, a paused site    nothing        after REST_S: binding and resuming mark it anew
    a parked site whose probe is not overdue     nothing        when the probe is overdue
    anything else                                drained        with the mark of whoever drains it, or the next sweep

One process sweeps at a time, workers before web processes; the others stand by. Two that sweep at once do no harm: an
outbox is handed to one of them, and the lease decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from relay.core.backoff import MAX_RETRY_AFTER_S
from relay.core.delivery import DeliveryState
from relay.core.outbox import is_holding

SWEEP_EVERY_S = 2.0
AGAIN_AFTER_LEASE_S = 0.1
LOOK_AT_EMPTY_EVERY_S = 5.0
"""Somebody who trusts an older mark may append without a new one and die: this bounds how long nobody looks."""
FORGET_AFTER_S = 30.0
"""For how long an outbox must be seen empty, with no new mark, before it is forgotten. Far above what an appending
process trusts its own mark for, and what an append may take on its way."""
REST_S = 3600.0
OVERDUE_AFTER_S = 5.0
"""How late a probe may be before the sweep takes its place: its worker died, or RQ's schedule is lost."""
LONGEST_WAIT_S = MAX_RETRY_AFTER_S + OVERDUE_AFTER_S
"""A next attempt further ahead than any we schedule was set before Redis' clock was put back; such a site is due."""


class Rank(StrEnum):
    """Who sweeps rather than whom: drains of the sweep should not cost webhooks their time."""

    WORKER = "worker"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the index and the outbox say of one outbox."""

    outbox: str
    planned_ms: int
    """For when the sweep had planned this look; 0 when the outbox was marked since the last one."""
    events: int
    lease_ms: int
    """What is left of the lease; 0 when nobody holds it."""
    state: DeliveryState
    next_attempt_ms: int


class Action(StrEnum):
    """What the sweep does about an outbox."""

    NOTHING = "nothing"
    DRAIN = "drain"
    FORGET = "forget"


class Look(NamedTuple):
    """What a look leads to."""

    action: Action
    again_in_s: float = 0.0


def judge(waiting: Waiting, *, now_ms: int, empty_since_ms: int | None) -> Look:
    """Say what an outbox needs. `empty_since_ms`: since when it has been seen empty, None if it was not before this."""
    if waiting.lease_ms:
        return Look(Action.NOTHING, waiting.lease_ms / 1000 + AGAIN_AFTER_LEASE_S)
    if not waiting.events:
        forgettable = empty_since_ms is not None and now_ms - empty_since_ms >= FORGET_AFTER_S * 1000
        return Look(Action.FORGET) if forgettable else Look(Action.NOTHING, LOOK_AT_EMPTY_EVERY_S)
    if is_holding(waiting.outbox) or waiting.state is DeliveryState.PAUSED:
        return Look(Action.NOTHING, REST_S)
    overdue_in_s = (waiting.next_attempt_ms - now_ms) / 1000 + OVERDUE_AFTER_S
    if waiting.state is DeliveryState.PARKED and 0 < overdue_in_s <= LONGEST_WAIT_S + OVERDUE_AFTER_S:
        return Look(Action.NOTHING, overdue_in_s)
    return Look(Action.DRAIN, SWEEP_EVERY_S)


@dataclass(frozen=True, slots=True)
class Taken:
    """Outboxes whose look is due, handed to one sweeper."""

    now_ms: int
    """By Redis' clock."""
    until_ms: int
    """When they are due again for anybody, if this sweeper says nothing of them. Names this taking, too."""
    outboxes: Sequence[Waiting]
    more: bool = False
    """Whether the look of others may be due as well."""


class BacklogIndex(Protocol):
    """The index of outboxes that may have a backlog; every method raises StoreUnavailable."""

    async def take(self, rank: Rank, token: str) -> Taken | None:
        """Return some of the outboxes whose look is due, or None while another process sweeps."""

    async def plan(self, taken: Taken, looks: Mapping[str, int | None]) -> None:
        """Write outbox → next look (ms), None to forget it; those that were marked since are left alone."""


class Claims(Protocol):
    """Whoever can start a drain: a lane."""

    async def claim(self, outbox: str) -> bool:
        """Drain an outbox if nobody else does."""


class _Empty(NamedTuple):
    since_ms: int
    planned_ms: int


@dataclass(frozen=True, slots=True)
class Swept:
    """What came of one sweep."""

    mine: bool
    """Whether it was this process's to sweep."""
    started: int = 0
    """How many drains it started."""


class Sweep:
    """Looks at what is due. Remembers only which outboxes it saw empty; that may be lost."""

    def __init__(self, index: BacklogIndex, lane: Claims, *, rank: Rank, token: str) -> None:
        self._index = index
        self._lane = lane
        self._rank = rank
        self._token = token
        self._empty: dict[str, _Empty] = {}

    async def once(self) -> Swept:
        """Look at every outbox whose look is due. Raises StoreUnavailable."""
        started, more = 0, True
        while more:
            taken = await self._index.take(self._rank, self._token)
            if taken is None:
                self._empty.clear()
                return Swept(mine=False, started=started)
            started += await self._look_at(taken) if taken.outboxes else 0
            more = taken.more
        return Swept(mine=True, started=started)

    async def _look_at(self, taken: Taken) -> int:
        looks: dict[str, int | None] = {}
        drains: list[str] = []
        for waiting in taken.outboxes:
            look = judge(waiting, now_ms=taken.now_ms, empty_since_ms=self._empty_since(waiting))
            again_ms = taken.now_ms + round(look.again_in_s * 1000)
            looks[waiting.outbox] = None if look.action is Action.FORGET else again_ms
            self._remember(waiting, look, now_ms=taken.now_ms, again_ms=again_ms)
            if look.action is Action.DRAIN:
                drains.append(waiting.outbox)
        await self._index.plan(taken, looks)  # before the claims, which mark
        return sum([await self._lane.claim(outbox) for outbox in drains])

    def _empty_since(self, waiting: Waiting) -> int | None:
        """Since when it was empty at each look; None if it was not, was marked since, or another process looked."""
        seen = self._empty.get(waiting.outbox)
        return seen.since_ms if seen and seen.planned_ms == waiting.planned_ms else None

    def _remember(self, waiting: Waiting, look: Look, *, now_ms: int, again_ms: int) -> None:
        since_ms = self._empty_since(waiting)
        if waiting.events or waiting.lease_ms or look.action is Action.FORGET:
            self._empty.pop(waiting.outbox, None)
        else:
            self._empty[waiting.outbox] = _Empty(now_ms if since_ms is None else since_ms, again_ms)
