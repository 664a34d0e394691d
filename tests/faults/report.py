"""What a run of histories found: a table for people, one JSON document for programs. Decides nothing."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.faults.judge import Violation, Wrong, judge
from tests.faults.kinds import FaultKind
from tests.faults.ledger import Ledger
from tests.faults.plan import Plan
from tests.faults.recovery import Recovery, recoveries

SHOWN = 5
"""Violations of one kind that are printed of each history; the document has them all."""
_HEADLINE = (Wrong.LOST, Wrong.DUPLICATED, Wrong.OUT_OF_ORDER)
_WIDTH = 120


@dataclass(frozen=True)
class Finding:
    """What one history came to."""

    seed: int
    command: str
    """Replays it."""
    seconds: float
    """How long it took, start and stop of the processes included."""
    sent: int
    accepted: int
    stored: int
    refused: int
    """Events that their sites refused for good, as the plan had it."""
    sent_again: int
    """Copies that sites got of events they had already, and that their unique keys absorbed."""
    webhooks_repeated: int
    """Events whose webhook had to be sent more than once until it got its 200."""
    violations: Sequence[Violation]
    recoveries: Sequence[Recovery]


def finding_of(plan: Plan, ledger: Ledger, *, seconds: float, mutant: str = "") -> Finding:
    """Judge a history and count what there is to count."""
    there_since = {(row.site, row.mid): row.at for row in ledger.stored}
    arrivals = [(push, there_since.get((push.site, mid))) for push in ledger.pushes for _id, mid in push.events]
    return Finding(
        seed=plan.seed,
        command=plan.command + (f" --mutant '{mutant}'" if mutant else ""),
        seconds=seconds,
        sent=len(ledger.sent),
        accepted=len(ledger.accepted),
        stored=len(ledger.stored),
        refused=len(set().union(*ledger.refused.values())),
        sent_again=sum(since is not None and since < push.began_at for push, since in arrivals),
        webhooks_repeated=sum(event.attempts > 1 for event in ledger.sent),
        violations=judge(ledger),
        recoveries=recoveries(ledger),
    )


def broken_off(plan: Plan, error: Exception, *, seconds: float) -> Finding:
    """Write down that a history did not come to its end."""
    violation = Violation(Wrong.BROKE_OFF, f"{type(error).__name__}: {error}; traceback.txt says where")
    return replace(finding_of(plan, Ledger(), seconds=seconds), violations=[violation])


def as_json(findings: Sequence[Finding], *, measured_at: str, machine: dict[str, Any]) -> dict[str, Any]:
    """Return everything that was found."""
    wrongs = Counter(violation.wrong for finding in findings for violation in finding.violations)
    return {
        "measured_at": measured_at,
        "machine": machine,
        "histories": len(findings),
        "faults": sum(len(finding.recoveries) for finding in findings),
        "events": {
            name: sum(getattr(finding, name) for finding in findings)
            for name in ("sent", "accepted", "stored", "refused", "sent_again", "webhooks_repeated")
        },
        "violations": {wrong.value: wrongs[wrong] for wrong in Wrong},
        "recovery": [_recovery_json(kind, findings) for kind in FaultKind],
        "each": [asdict(finding) for finding in findings],
    }


def print_report(document: dict[str, Any]) -> None:
    """Print what was injected and how long it took to recover, and then what was wrong."""
    console = Console(highlight=False, width=None if Console().is_terminal else _WIDTH)
    console.print(_faults_table(document["recovery"]))
    events = document["events"]
    console.print(
        f"\n{document['histories']} histories, {document['faults']} faults, {events['accepted']} events accepted,"
        f" {events['stored']} stored, {events['refused']} refused for good by their site and kept.\n"
        f"{events['webhooks_repeated']} events needed more than one webhook; light sites got {events['sent_again']}"
        " copies of what they had already."
    )
    found = document["violations"]
    console.print(", ".join(f"{wrong.value}: {found[wrong.value]}" for wrong in _HEADLINE), style="bold")
    others = {name: count for name, count in found.items() if count and name not in _HEADLINE}
    console.print(", ".join(f"{name}: {count}" for name, count in others.items()) or "nothing else was wrong")
    for each in document["each"]:
        _print_violations(console, each)


def _print_violations(console: Console, finding: dict[str, Any]) -> None:
    shown: Counter[str] = Counter()
    if finding["violations"]:
        console.print(f"\nSeed {finding['seed']}; replay with: {finding['command']}", style="bold", soft_wrap=True)
    for violation in finding["violations"]:
        shown[violation["wrong"]] += 1
        if shown[violation["wrong"]] <= SHOWN:
            console.print(f"  {violation['wrong']}: {violation['sentence']}", markup=False, soft_wrap=True)
    for wrong, count in shown.items():
        if count > SHOWN:
            console.print(f"  {wrong}: and {count - SHOWN} more")


def _faults_table(recovery: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="Faults, and seconds from their end to recovery", box=None, title_justify="left")
    table.add_column("")
    for heading in ("injected", "next 200 p50", "max", "delivery p50", "max", "backlog gone p50", "max"):
        table.add_column(heading, justify="right")
    for row in recovery:
        if row["injected"]:
            spreads = (row[name] for name in ("accepted_s", "first_s", "backlog_s"))
            cells = [_cell(spread[name]) for spread in spreads for name in ("p50", "max")]
            table.add_row(row["kind"], str(row["injected"]), *cells)
    return table


def _recovery_json(kind: FaultKind, findings: Sequence[Finding]) -> dict[str, Any]:
    found = [each for finding in findings for each in finding.recoveries if each.kind is kind]
    return {
        "kind": kind.value,
        "injected": len(found),
        "accepted_s": _spread([each.accepted_s for each in found if each.accepted_s is not None]),
        "first_s": _spread([each.first_s for each in found if each.first_s is not None]),
        "backlog_s": _spread([each.backlog_s for each in found]),
    }


def _spread(seconds: Sequence[float]) -> dict[str, float | None]:
    return {"p50": statistics.median(seconds), "max": max(seconds)} if seconds else {"p50": None, "max": None}


def _cell(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f}"
