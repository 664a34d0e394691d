"""Seconds to recovery: from a fault's end to the next delivery, and until what had been accepted is all there."""

from collections.abc import Sequence

import pytest

from tests.faults.kinds import FaultKind
from tests.faults.ledger import Fault, Ledger, Sent, Stored
from tests.faults.recovery import Recovery, recoveries

SITE_FAULT = Fault(FaultKind.SITE_KILLED, "acme", 5.0, 10.0)


def event(mid: str, accepted_at: float | None, page: str = "1") -> Sent:
    return Sent(mid, page, "c", 0, 0, wanted=True, first_sent_at=0.0, attempts=1, acknowledged_at=accepted_at)


@pytest.mark.parametrize(
    ("fault", "rows", "first_s", "backlog_s"),
    [
        pytest.param(SITE_FAULT, [("acme", "a", 12.0), ("acme", "b", 14.0)], 2.0, 4.0, id="a backlog"),
        pytest.param(SITE_FAULT, [("acme", "late", 12.0)], 2.0, 0.0, id="nothing waited, something new came"),
        pytest.param(SITE_FAULT, [("acme", "a", 6.0)], None, 0.0, id="nothing came any more"),
        pytest.param(SITE_FAULT, [("beta", "a", 12.0)], None, 0.0, id="another site's"),
        pytest.param(SITE_FAULT, [("acme", "a", None)], None, 0.0, id="nobody knows when"),
        pytest.param(
            Fault(FaultKind.REDIS_KILLED, "redis", 5.0, 10.0), [("beta", "a", 12.0)], 2.0, 2.0, id="everybody's fault"
        ),
        pytest.param(
            Fault(FaultKind.PAGE_REBOUND, "1", 5.0, 10.0),
            [("acme", "a", 12.0), ("acme", "other page", 20.0)],
            2.0,
            2.0,
            id="one page's",
        ),
    ],
)
def test_the_clock_starts_when_the_fault_is_over(
    fault: Fault, rows: Sequence[tuple[str, str, float | None]], first_s: float | None, backlog_s: float
) -> None:
    ledger = Ledger(
        sent=[event("a", 9.0), event("b", 9.5), event("late", 11.0), event("other page", 9.0, page="2")],
        stored=[Stored(*row) for row in rows],
        faults=[fault],
    )

    assert recoveries(ledger) == [Recovery(fault.kind, fault.target, 1.0, first_s, backlog_s)]


def test_where_nothing_was_sent_any_more_nobody_knows_when_it_would_have_been_accepted() -> None:
    (recovery,) = recoveries(Ledger(sent=[event("a", 9.0), event("b", None)], faults=[SITE_FAULT]))

    assert recovery.accepted_s is None


def test_every_fault_has_its_recovery_in_the_order_of_their_beginning() -> None:
    later = Fault(FaultKind.SITE_HANGS, "acme", 7.0, 8.0)

    assert [each.kind for each in recoveries(Ledger(faults=[later, SITE_FAULT]))] == [SITE_FAULT.kind, later.kind]
