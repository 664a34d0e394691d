"""The report counts what the histories came to, and says how to see it again."""

from collections.abc import Mapping

import pytest

from tests.faults.draw import plan_of
from tests.faults.judge import Wrong
from tests.faults.kinds import FaultKind
from tests.faults.ledger import Fault, Ledger, Ownership, Push, Sent, Stored
from tests.faults.report import SHOWN, Finding, as_json, finding_of, print_report
from tests.faults.size import SHORT

MACHINE: Mapping[str, object] = {"cores": 2}


def event(mid: str, *, attempts: int = 1) -> Sent:
    return Sent(mid, "1", "c", hash(mid), 0, wanted=True, first_sent_at=0.0, attempts=attempts, acknowledged_at=1.0)


def finding(*missing: str) -> Finding:
    """Judge a history in which these events are missing, one batch came twice, and a site was killed."""
    mids = [*"abcdefgh"]
    ledger = Ledger(
        sent=[event("a", attempts=2), *map(event, mids[1:])],
        stored=[Stored("acme", mid, 2.0) for mid in mids if mid not in missing],
        pushes=[
            Push("acme", 1.9, 2.1, [("1-0", "a"), ("1-1", "b")], taken=False),
            Push("acme", 3.0, 3.1, [("1-0", "a"), ("1-1", "b")], taken=True),
        ],
        faults=[Fault(FaultKind.SITE_KILLED, "acme", 0.5, 1.5)],
        ownerships=[Ownership("1", "acme", 0.0, 99.0)],
    )
    return finding_of(plan_of(7, SHORT), ledger, seconds=12.0)


def test_everything_is_counted() -> None:
    document = as_json([finding(), finding()], measured_at="now", machine=dict(MACHINE))

    assert document["histories"] == 2
    assert document["faults"] == 2
    assert document["events"] == {
        "sent": 16,
        "accepted": 16,
        "stored": 16,
        "refused": 0,
        "sent_again": 4,
        "webhooks_repeated": 2,
    }
    assert set(document["violations"].values()) == {0}
    killed = next(row for row in document["recovery"] if row["kind"] == FaultKind.SITE_KILLED)
    assert killed["injected"] == 2
    assert killed["first_s"] == killed["backlog_s"] == {"p50": 0.5, "max": 0.5}


def test_what_went_wrong_is_printed_with_the_command_that_replays_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(as_json([finding(*"abcdefgh")], measured_at="now", machine=dict(MACHINE)))
    printed = capsys.readouterr().out

    assert "python -m tests.faults --seed 7 --size short" in printed
    assert "lost: 8, duplicated: 0, out of order: 0" in printed
    assert printed.count(f"  {Wrong.LOST}:") == SHOWN + 1
    assert "and 3 more" in printed


def test_a_run_in_which_all_went_well_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(as_json([finding()], measured_at="now", machine=dict(MACHINE)))
    printed = capsys.readouterr().out

    assert "lost: 0, duplicated: 0, out of order: 0" in printed
    assert "nothing else was wrong" in printed
    assert "Seed" not in printed
