"""What a run says: tables and goals for people, JSON documents for programs. Decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.outcome import Goal, Outcome, Sheet

_WIDTH = 150
REDIS = "appendonly yes, save '', noeviction, unix socket, appendfsync as the row says"


@dataclass(frozen=True)
class Report:
    """One run."""

    outcomes: Mapping[str, Outcome]
    failures: Mapping[str, str]
    """Benchmarks that measured nothing, and what went wrong."""
    measured_at: str
    quick: bool
    machine: Mapping[str, Any]
    versions: Mapping[str, str]

    def documents(self) -> dict[str, Any]:
        """Return a document for each benchmark that measured something."""
        return {
            name: self._head()
            | {
                "benchmark": name,
                "goals": [_goal_json(goal) for goal in outcome.goals],
                "noisy": list(outcome.noisy),
                "not_measured": dict(outcome.not_measured),
                **outcome.figures,
            }
            for name, outcome in self.outcomes.items()
        }

    def as_json(self) -> dict[str, Any]:
        """Return everything as one document."""
        return self._head() | {"benchmarks": self.documents(), "failures": dict(self.failures)}

    def _head(self) -> dict[str, Any]:
        return {
            "measured_at": self.measured_at,
            "quick": self.quick,
            "machine": dict(self.machine),
            "versions": dict(self.versions),
            "redis": REDIS,
        }


def print_report(report: Report) -> None:
    """Print every sheet, then what is noteworthy, then the goals."""
    console = Console(highlight=False, markup=False, width=None if Console().is_terminal else _WIDTH)
    for outcome in report.outcomes.values():
        for sheet in outcome.sheets:
            console.print(_table(sheet))
            console.print()
    goals = [(name, goal) for name, outcome in report.outcomes.items() for goal in outcome.goals]
    console.print(_goal_table(goals))
    console.print()
    for sentence in _remarks(report):
        console.print(sentence)


def _table(sheet: Sheet) -> Table:
    table = Table(title=sheet.title, box=None, title_justify="left")
    table.add_column("")
    for heading in sheet.headings:
        table.add_column(heading, justify="right")
    for row in sheet.rows:
        table.add_row(*row)
    return table


def _goal_table(goals: list[tuple[str, Goal]]) -> Table:
    table = Table(title="Goals", box=None, title_justify="left")
    for heading in ("benchmark", "what", "measured", "goal", ""):
        table.add_column(heading)
    for name, goal in goals:
        table.add_row(name, goal.words, goal.measured, goal.wanted, "met" if goal.met else "NOT MET")
    return table


def _remarks(report: Report) -> list[str]:
    machine = report.machine
    where = (
        f"{machine['cores']} processors shared by everything above, one flush of the disk takes"
        f" {machine['flush_ms']:.2f} ms, load before the run {machine['load_average_before'][0]}."
    )
    remarks = [where]
    if report.quick:
        remarks.append("QUICK: a tenth of everything; these figures only say that it works.")
    for name, outcome in report.outcomes.items():
        if outcome.noisy:
            remarks.append(
                f"NOISY, {name}: others, or the machine below, took much of this one during: {'; '.join(outcome.noisy)}"
            )
        if outcome.not_measured:
            why = "; ".join(f"{what}: {reason}" for what, reason in outcome.not_measured.items())
            remarks.append(f"NOT MEASURED, {name}: {len(outcome.not_measured)}: {why}")
    remarks += [f"FAILED, {name}: {what}" for name, what in report.failures.items()]
    return remarks


def _goal_json(goal: Goal) -> dict[str, Any]:
    return {
        "words": goal.words,
        "met": goal.met,
        "bounds": [
            {"measured": bound.measured, "sense": bound.sense.value, "limit": bound.limit} for bound in goal.bounds
        ],
    }
