"""Says what of the promise was broken in a history. Pure: a ledger in, violations out; it knows nothing of the engine.

What is promised stands in `tests.faults`. Each rule is a function of its own, and `judge` is all of them.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.kinds import NATURES, Aim
from tests.faults.ledger import Ending, Fault, Ledger, Ownership, Push, Sent, Stored


class Wrong(StrEnum):
    """What can be wrong, in the words of the report."""

    LOST = "lost"
    DUPLICATED = "duplicated"
    OUT_OF_ORDER = "out of order"
    STRAY = "at another site"
    STUCK = "stuck in the outbox"
    UNANSWERED = "never accepted"
    REPEATED = "sent again without a reason"
    OVERLAPPING = "two batches under way at once"
    NOT_KEPT = "refused for good, not kept"
    KEPT_WRONGLY = "kept as refused, though wanted"
    ENDED = "process ended by itself"
    FAILED = "engine failed"
    BAD_SIGNATURE = "bad signature"
    BROKE_OFF = "history broke off"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken promise."""

    wrong: Wrong
    sentence: str


GRACE_S = 1.5
"""How long after a fault's end its consequences may still begin: a process needs that to find out what it missed."""
ZOMBIE_S = 30.0
"""How long an attempt that its sender gave up may still be at work in a relay that was paused."""
STARTING_S = 20.0
"""A process that starts while Redis is away may say so and end; its service manager starts it again."""


def judge(ledger: Ledger) -> list[Violation]:
    """Return everything that was wrong, most grave first."""
    return [violation for rule in _RULES for violation in rule(ledger)]


def _lost(ledger: Ledger) -> Iterator[Violation]:
    stored = _sites_of(ledger.stored)
    stuck = bool(ledger.waiting)
    for event in ledger.accepted:
        if event.wanted and event.mid not in stored and not stuck:
            yield Violation(Wrong.LOST, f"{event.mid} of page {event.page} got its 200 and is in no site's database")


def _stuck(ledger: Ledger) -> Iterator[Violation]:
    for outbox, count in sorted(ledger.waiting.items()):
        yield Violation(Wrong.STUCK, f"{count} events still wait in {outbox}, long after the last fault was over")


def _unanswered(ledger: Ledger) -> Iterator[Violation]:
    for event in ledger.sent:
        if event.acknowledged_at is None:
            yield Violation(Wrong.UNANSWERED, f"{event.mid} was sent {event.attempts} times and never got its 200")


def _duplicated(ledger: Ledger) -> Iterator[Violation]:
    """Look for two rows of one event: at one site never, at two only where it was also sent twice."""
    attempts = {event.mid: event.attempts for event in ledger.sent}
    for (site, mid), rows in Counter((row.site, row.mid) for row in ledger.stored).items():
        if rows > 1:
            yield Violation(Wrong.DUPLICATED, f"{mid} is {rows} times in the database of {site}")
    for mid, sites in _sites_of(ledger.stored).items():
        if len(sites) > max(1, attempts.get(mid, 0)):
            yield Violation(Wrong.DUPLICATED, f"{mid} was sent {attempts.get(mid, 0)} times and is at {sorted(sites)}")


def _out_of_order(ledger: Ledger) -> Iterator[Violation]:
    """Look for events of one page that stand before what was accepted before they were sent, or against their body."""
    sent = {event.mid: event for event in ledger.sent}
    shelves: defaultdict[tuple[str, str], list[Sent]] = defaultdict(list)
    for row in ledger.stored:
        event = sent.get(row.mid)
        if event is not None:
            shelves[row.site, event.page].append(event)
    for (site, _page), events in shelves.items():
        yield from _overtaken(site, events)
        yield from _turned_around(site, events)


def _overtaken(site: str, events: Sequence[Sent]) -> Iterator[Violation]:
    """Go through a page's events from the last one: none after it may have been accepted before it was sent."""
    earliest: Sent | None = None
    for event in reversed(events):
        if earliest is not None and _accepted_at(earliest) < event.first_sent_at:
            yield Violation(
                Wrong.OUT_OF_ORDER,
                f"at {site}, {event.mid} stands before {earliest.mid}, which had its 200 before the other was sent",
            )
        if earliest is None or _accepted_at(event) < _accepted_at(earliest):
            earliest = event


def _turned_around(site: str, events: Sequence[Sent]) -> Iterator[Violation]:
    last: dict[int, Sent] = {}
    for event in events:
        before = last.get(event.body)
        if before is not None and before.place > event.place:
            yield Violation(Wrong.OUT_OF_ORDER, f"at {site}, {before.mid} stands before {event.mid} of the same body")
        last[event.body] = event


def _stray(ledger: Ledger) -> Iterator[Violation]:
    owners: defaultdict[str, list[Ownership]] = defaultdict(list)
    for ownership in ledger.ownerships:
        owners[ownership.page].append(ownership)
    sent = {event.mid: event for event in ledger.sent}
    for row in ledger.stored:
        event = sent.get(row.mid)
        if event is None:
            yield Violation(Wrong.STRAY, f"{row.mid} is at {row.site}, but nobody sent it")
        elif not any(_may_have(ownership, row.site, event) for ownership in owners[event.page]):
            yield Violation(
                Wrong.STRAY, f"{row.mid} of page {event.page} is at {row.site}, which does not own the page"
            )


def _may_have(ownership: Ownership, site: str, event: Sent) -> bool:
    """Whether the event may have been accepted while the page was this site's, or was free to become it."""
    latest = _accepted_at(event) + (ZOMBIE_S if event.attempts > 1 else 0.0)
    return ownership.site == site and ownership.since <= latest and event.first_sent_at <= ownership.until


def _repeated(ledger: Ledger) -> Iterator[Violation]:
    """Look for events that came again although their site had answered with a receipt, and nothing went wrong since."""
    for site, pushes in _pushes_of(ledger):
        taken: dict[str, Push] = {}
        for push in pushes:
            again = [event_id for event_id, _mid in push.events if event_id in taken]
            if again and not _excused(ledger.faults, site, taken[again[0]].began_at, push.began_at):
                yield Violation(
                    Wrong.REPEATED, f"{site} had answered for {again[0]} and {len(again) - 1} others; they came again"
                )
            if push.taken:
                taken.update(dict.fromkeys((event_id for event_id, _mid in push.events), push))


def _overlapping(ledger: Ledger) -> Iterator[Violation]:
    for site, pushes in _pushes_of(ledger):
        longest: Push | None = None
        for push in pushes:
            if (
                longest is not None
                and push.began_at < longest.ended_at
                and not _excused(ledger.faults, site, longest.began_at, push.began_at)
            ):
                yield Violation(
                    Wrong.OVERLAPPING,
                    f"{site} got {_words(push)} {longest.ended_at - push.began_at:.3f} s before {_words(longest)} was"
                    " answered",
                )
            if longest is None or push.ended_at > longest.ended_at:
                longest = push


def _copied(ledger: Ledger) -> Iterator[Violation]:
    """Look for events that stood more often in an outbox than they were sent to the relay."""
    sent = {event.mid: event for event in ledger.sent}
    for site, pushes in _pushes_of(ledger):
        copies: defaultdict[str, set[str]] = defaultdict(set)
        last_at: dict[str, float] = {}
        for push in pushes:
            for event_id, mid in push.events:
                copies[mid].add(event_id)
                last_at[mid] = push.began_at
        for mid, ids in copies.items():
            event = sent.get(mid)
            if event is None or len(ids) <= event.attempts:
                continue
            if not _excused(ledger.faults, site, event.first_sent_at, last_at[mid]):
                yield Violation(Wrong.REPEATED, f"{mid} was sent {event.attempts} times and came as {sorted(ids)}")


def _not_kept(ledger: Ledger) -> Iterator[Violation]:
    """Look for what a site refused for good and is no dead letter, and for dead letters that nobody refused."""
    kept: set[str] = set().union(*ledger.dead.values())
    wanted = {event.mid for event in ledger.sent if event.wanted}
    if not ledger.waiting:
        for event in ledger.accepted:
            if not event.wanted and event.mid not in kept:
                yield Violation(Wrong.NOT_KEPT, f"{event.mid} was refused for good and is not among the dead letters")
    for mid in sorted(kept & wanted):
        yield Violation(Wrong.KEPT_WRONGLY, f"{mid} is among the dead letters, though its site never refused it")


def _ended(ledger: Ledger) -> Iterator[Violation]:
    for ending in ledger.endings:
        if not _refused_to_start(ending, ledger.faults):
            yield Violation(Wrong.ENDED, f"{ending.name} ended by itself with exit code {ending.exit_code}")


def _refused_to_start(ending: Ending, faults: Sequence[Fault]) -> bool:
    """Whether Redis was in trouble while the process started."""
    began, ended = ending.started_at, ending.ended_at
    return ended - began < STARTING_S and any(
        fault.began_at <= ended and began <= fault.ended_at + GRACE_S
        for fault in faults
        if NATURES[fault.kind].aim is Aim.REDIS
    )


def _failed(ledger: Ledger) -> Iterator[Violation]:
    for line in ledger.faulty_logs:
        yield Violation(Wrong.FAILED, line)
    if ledger.bad_signatures:
        yield Violation(Wrong.BAD_SIGNATURE, f"{ledger.bad_signatures} pushes carried a wrong signature")


Rule = Callable[[Ledger], Iterable[Violation]]

_RULES: tuple[Rule, ...] = (
    _lost,
    _duplicated,
    _out_of_order,
    _stray,
    _stuck,
    _unanswered,
    _not_kept,
    _overlapping,
    _repeated,
    _copied,
    _ended,
    _failed,
)


def _excused(faults: Sequence[Fault], site: str, since: float, until: float) -> bool:
    """Whether a fault that excuses repeats touched the time between two moments of a site's deliveries."""
    return any(
        fault.excuses and fault.concerns(site) and fault.began_at <= until and since <= fault.ended_at + GRACE_S
        for fault in faults
    )


def _accepted_at(event: Sent) -> float:
    return math.inf if event.acknowledged_at is None else event.acknowledged_at


def _sites_of(stored: Iterable[Stored]) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in stored:
        found[row.mid].add(row.site)
    return dict(found)


def _pushes_of(ledger: Ledger) -> Iterator[tuple[str, list[Push]]]:
    """Yield each site's pushes in the order in which they began."""
    found: defaultdict[str, list[Push]] = defaultdict(list)
    for push in sorted(ledger.pushes, key=lambda push: push.began_at):
        found[push.site].append(push)
    yield from found.items()


def _words(push: Push) -> str:
    return f"a batch of {len(push.events)} from {push.events[0][0] if push.events else 'nothing'}"
