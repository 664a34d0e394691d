"""How long deliveries took to recover from each fault. Pure: a ledger in, seconds out.

The clock starts when the fault is taken back: the process is being started again (so that its start is part of the
recovery), goes on, or is told to behave. Other faults may be under way at the same time, and are not subtracted.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.kinds import NATURES, Aim, FaultKind
from tests.faults.ledger import Fault, Ledger, Sent, Stored


@dataclass(frozen=True, slots=True)
class Recovery:
    """How deliveries came back after one fault."""

    kind: FaultKind
    target: str
    accepted_s: float | None
    """Until the next webhook got its 200; None when no further one was sent."""
    first_s: float | None
    """Until the next event was committed at a site that the fault concerned; None when no further one came."""
    backlog_s: float
    """Until all was committed at these sites that had been accepted before the fault's end; 0 when it already was."""


def recoveries(ledger: Ledger) -> list[Recovery]:
    """Return the recovery from each fault, in the order in which they began."""
    sent = {event.mid: event for event in ledger.sent}
    rows = [(row, row.at, sent[row.mid]) for row in ledger.stored if row.at is not None and row.mid in sent]
    accepted = sorted(event.acknowledged_at for event in ledger.sent if event.acknowledged_at is not None)
    faults = sorted(ledger.faults, key=lambda fault: fault.began_at)
    return [_recovery(fault, rows, _next(accepted, fault.ended_at)) for fault in faults]


def _next(times: Sequence[float], since: float) -> float | None:
    """Return the seconds from one moment to the first of `times` after it."""
    return next((at - since for at in times if at >= since), None)


def _recovery(fault: Fault, rows: Sequence[tuple[Stored, float, Sent]], accepted_s: float | None) -> Recovery:
    first_s, backlog_s = math.inf, 0.0
    for row, at, event in rows:
        late_s = at - fault.ended_at
        if late_s < 0 or not _concerns(fault, row, event):
            continue
        first_s = min(first_s, late_s)
        if event.acknowledged_at is not None and event.acknowledged_at <= fault.ended_at:
            backlog_s = max(backlog_s, late_s)
    return Recovery(fault.kind, fault.target, accepted_s, None if math.isinf(first_s) else first_s, backlog_s)


def _concerns(fault: Fault, row: Stored, event: Sent) -> bool:
    return fault.target == event.page if NATURES[fault.kind].aim is Aim.PAGE else fault.concerns(row.site)
