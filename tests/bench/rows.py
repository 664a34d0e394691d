"""Rows of a table that are measured the same way, round after round, and the sheets that show them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from tests.bench.figures import median
from tests.bench.light_site import run_light_sites
from tests.bench.measure import Measurement, measure
from tests.bench.outcome import Sheet
from tests.bench.plan import Plan
from tests.bench.systems import SystemStarter
from tests.bench.traffic import Traffic

SENDERS = 32


@dataclass(frozen=True)
class Row:
    """One thing that is measured."""

    key: str
    title: str
    start: SystemStarter
    traffic: Traffic
    rival: str = ""
    """The key of the row with the same kind of Redis that it is held against; empty where that would not be fair."""


Rounds = Mapping[str, Sequence[Measurement]]
"""Row → one measurement for each round."""


def measure_rows(rows: Sequence[Row], plan: Plan) -> Rounds:
    """Measure every row in every round. Raises BenchFailed when an event is lost, doubled or overtaken anywhere.

    The rows run one after the other, round after round, so that a slow minute of the machine meets all of them.
    """
    found: dict[str, list[Measurement]] = {row.key: [] for row in rows}
    with run_light_sites(plan.folder) as sites:
        for number in range(1, plan.rounds + 1):
            for row in rows:
                traffic = replace(row.traffic, events=plan.some(row.traffic.events), senders=SENDERS)
                one = measure(row.start, traffic, sites, folder=plan.folder)
                found[row.key].append(one)
                plan.tell(f"round {number} of {plan.rounds}: {row.title}: {one.events_per_s:,.0f} events/s")
    return found


def speed(measurement: Measurement) -> float:
    """Return the figure that rows are compared by."""
    return measurement.events_per_s


def speed_sheet(title: str, rows: Sequence[Row], rounds: Rounds, ratios: Mapping[str, Mapping[str, float]]) -> Sheet:
    """Show how fast each row was. `ratios` are further columns: heading → row → value."""
    return Sheet(
        title,
        ["events/s", "slowest to fastest", *ratios, "200 p50 ms", "p99 ms", "events/batch", "CPU us/event"],
        [_speed_row(row, rounds[row.key], ratios) for row in rows],
    )


def _speed_row(row: Row, rounds: Sequence[Measurement], ratios: Mapping[str, Mapping[str, float]]) -> list[str]:
    speeds = [speed(each) for each in rounds]
    per_batch = median(rounds, lambda each: each.events_per_batch)
    return [
        row.title,
        f"{median(rounds, speed):,.0f}",
        f"{min(speeds):,.0f} to {max(speeds):,.0f}",
        *(f"{column[row.key]:.3g}" if row.key in column else "" for column in ratios.values()),
        f"{median(rounds, lambda each: each.answer_p50_ms):.1f}",
        f"{median(rounds, lambda each: each.answer_p99_ms):.1f}",
        f"{per_batch:.1f}" if per_batch else "",
        f"{median(rounds, lambda each: each.cpu_us_per_event):,.0f}",
    ]


def as_figures(rows: Sequence[Row], rounds: Rounds, ratios: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """Return everything that was measured, for JSON."""
    return [
        {
            "key": row.key,
            "title": row.title,
            "ratios": {heading: column.get(row.key) for heading, column in ratios.items()},
            "rounds": [asdict(each) for each in rounds[row.key]],
        }
        for row in rows
    ]
