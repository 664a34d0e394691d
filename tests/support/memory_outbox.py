"""One outbox in memory: what Redis holds under one hash tag, and what the scripts do to it, in a few words of Python.

`tests.support.memory_outboxes` puts many of them behind the store's ports.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from relay.core.delivery import DeliveryState
from relay.core.limits import NEARLY_FULL, Limits, LossReason, Part, is_receipt
from relay.core.outbox import BatchLimits, Entry
from relay.core.webhook import Incoming
from relay.engine.outbox_admin import Action, Sifted
from relay.engine.ports import Acknowledged, Appended, Refusals

NewId = Callable[[], str]


@dataclass
class DeadLetter:
    """One event that was refused for good or set aside, and why."""

    id: str
    """Its own; where the event waited is gone."""
    entry: Entry
    reason: str

    @property
    def payload(self) -> bytes:
        """The event itself."""
        return self.entry.payload


@dataclass
class Outbox:
    """What Redis holds."""

    entries: list[Entry] = field(default_factory=list)
    token: str = ""
    leased_until: float = 0.0
    state: DeliveryState = DeliveryState.UP
    failures: int = 0
    next_attempt_ms: int | None = None
    last_error: str = ""
    refusals: Refusals = field(default_factory=Refusals)
    ready: str = ""
    """The lease under which the site was being drained when it announced itself."""
    delivered: int = 0
    dead: list[DeadLetter] = field(default_factory=list)
    fenced: set[str] = field(default_factory=set)
    gates: dict[str, int] = field(default_factory=dict)
    """The number of the last change that wrote here, for each page."""
    left_to: dict[str, str] = field(default_factory=dict)
    """Up to which id an unbind left a page's events here."""
    replayed: set[str] = field(default_factory=set)
    """Waiting events that were dead letters."""
    leaving: dict[str, list[Entry]] = field(default_factory=dict)
    """What was taken out of each page that moves."""
    flight_to: str = ""
    """The last id that a drain was handed."""
    losses: Counter[LossReason] = field(default_factory=Counter)
    receipts_by: str = ""
    """The token of the last append that cost receipts."""

    def holder(self, now: float) -> str:
        """Return the token under which it is drained now, or an empty text."""
        return self.token if self.token and now < self.leased_until else ""

    def in_flight(self, now: float) -> int:
        """Count the events, from the oldest, that may be on their way."""
        if not self.holder(now) or not self.flight_to:
            return 0
        return sum(1 for entry in self.entries if order(entry.id) <= order(self.flight_to))

    def put(self, events: Sequence[Incoming], new_id: NewId, *, limits: Limits, look: bool) -> tuple[Appended, int]:
        """Add events; returns which were refused, and how many receipts were not kept, if `look` tells to look."""
        refused, receipts = [], 0
        for index, event in enumerate(events):
            if event.page_id in self.fenced:
                refused.append(index)
            elif look and is_receipt(event.kind, event.payload) and self.nearly_full(limits):
                receipts += 1
            else:
                self.entries.append(Entry(new_id(), *event))
        return Appended(leased=False, refused=refused), receipts

    def nearly_full(self, limits: Limits) -> bool:
        """Whether new receipts are no longer kept."""
        bytes_waiting = size_of(self.entries)
        return len(self.entries) >= limits.max_events * NEARLY_FULL or bytes_waiting >= limits.max_bytes * NEARLY_FULL

    def count_receipts(self, count: int, token: str) -> None:
        """Count receipts that were not kept, once for each call."""
        if count and (not token or self.receipts_by != token):
            self.losses[LossReason.RECEIPTS] += count
            self.receipts_by = token

    def trim(self, part: Part, limits: Limits, *, now: float, oldest_ms: int = 0) -> Counter[LossReason]:
        """Take off what is too much or too old; returns what that was."""
        if part is Part.WAITING:
            lost = _trim(self.entries, part, limits, start=self.in_flight(now), oldest_ms=oldest_ms)
        else:
            lost = _trim(self.dead, part, limits, start=0, oldest_ms=oldest_ms)
        self.losses += lost
        return lost

    def acknowledge(self, done: Acknowledged, new_id: NewId) -> None:
        """Take off what a site took, and keep what it refused."""
        gone = {entry.id: entry for entry in done.entries}
        waiting = {entry.id for entry in self.entries}
        refused = [rejection for rejection in done.rejected if rejection.id in waiting]
        self.dead += [DeadLetter(new_id(), gone[each.id], each.reason) for each in refused]
        self.entries = [entry for entry in self.entries if entry.id not in gone]
        if waiting & gone.keys():
            self.delivered += len(done.entries) - len(done.rejected)
        if self.state is DeliveryState.PARKED:
            self.state, self.failures, self.next_attempt_ms = DeliveryState.UP, 0, None

    def sift(
        self, part: Part, action: Action, page_id: str, new_id: NewId, *, room: Limits, now: float, reason: str
    ) -> Sifted:
        """Do something with the events of a page, or of all; where they go there is `room` up to these limits."""
        kept: Sequence[Entry | DeadLetter] = self.entries if part is Part.WAITING else self.dead
        other: Sequence[Entry | DeadLetter] = self.dead if part is Part.WAITING else self.entries
        flying = self.in_flight(now) if part is Part.WAITING else 0
        done: list[Entry | DeadLetter] = []
        in_flight = looked_at = 0
        full = False
        for each in kept:
            if page_id in {"", event_of(each).page_id}:
                if looked_at < flying:
                    in_flight += 1
                elif action is Action.MOVE and not _has_room([*other, *done, each], room):
                    full = True
                    break
                else:
                    done.append(each)
            looked_at += 1
        self._take_out(part, action, done, new_id, reason)
        return Sifted("", "", looked_at, len(done), size_of(done), in_flight, full)

    def _take_out(
        self, part: Part, action: Action, done: Sequence[Entry | DeadLetter], new_id: NewId, reason: str
    ) -> None:
        if action is Action.COUNT or not done:
            return
        ids = {each.id for each in done}
        self.entries = [each for each in self.entries if part is Part.DEAD or each.id not in ids]
        self.dead = [each for each in self.dead if part is Part.WAITING or each.id not in ids]
        if action is Action.DROP:
            self.losses[LossReason.of(part, LossReason.DROPPED)] += len(done)
            return
        for event in map(event_of, done):
            if part is Part.WAITING:
                self.dead.append(DeadLetter(new_id(), event, reason))
            else:
                self.entries.append(event._replace(id=new_id(), arrived_ms=event.accepted_at_ms))
                self.replayed.add(self.entries[-1].id)

    def stays(self, entry: Entry) -> bool:
        """Whether an event stays here although its page moves."""
        known = max(order(self.flight_to or "0-0"), order(self.left_to.get(entry.page_id, "0-0")))
        return order(entry.id) <= known or entry.id in self.replayed

    def hand_out(self, limits: BatchLimits) -> list[Entry]:
        """Return the next batch, and remember that it is on its way."""
        batch: list[Entry] = []
        for entry in self.entries[: limits.max_events]:
            if batch and size_of(batch) + len(entry.payload) > limits.max_bytes:
                break
            batch.append(entry)
        self.flight_to = batch[-1].id
        return batch


class _Kept(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def payload(self) -> bytes: ...


_AnyKept = TypeVar("_AnyKept", bound=_Kept)


def event_of(kept: Entry | DeadLetter) -> Entry:
    """Return the event itself."""
    return kept.entry if isinstance(kept, DeadLetter) else kept


def _has_room(kept: Sequence[_Kept], limits: Limits) -> bool:
    return len(kept) <= limits.max_events and size_of(kept) <= limits.max_bytes


def order(entry_id: str) -> tuple[int, int]:
    """Return an id as what it is ordered by."""
    ms, _, number = entry_id.partition("-")
    return int(ms), int(number)


def size_of(kept: Sequence[_Kept]) -> int:
    """Return the bytes of all of these."""
    return sum(len(each.payload) for each in kept)


def _trim(kept: list[_AnyKept], part: Part, limits: Limits, *, start: int, oldest_ms: int) -> Counter[LossReason]:
    lost: Counter[LossReason] = Counter()
    while len(kept) > start:
        if order(kept[start].id)[0] < oldest_ms:
            reason = LossReason.AGE
        elif len(kept) > limits.max_events:
            reason = LossReason.OVERFLOW_EVENTS
        elif size_of(kept) > limits.max_bytes:
            reason = LossReason.OVERFLOW_BYTES
        else:
            break
        lost[LossReason.of(part, reason)] += 1
        del kept[start]
    return lost
