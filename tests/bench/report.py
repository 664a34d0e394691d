"""What a benchmark says: tables for people, one JSON document for programs. Decides nothing."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.accept_and_deliver import BARE, NAME, ROWS, SENDERS, Results, Row, ratio, traffic_of
from tests.bench.goals import GOALS, Goal
from tests.bench.measure import WARM_UP_SHARE, Measurement

PROCESSES = ("senders", "web", "relay", "redis", "worker", "site")
HARNESS = ("senders", "site")
NOISY_SHARE = 0.15
"""Share of a processor taken by others above which the reader is warned."""
_WIDTH = 130


def as_json(
    results: Results, *, measured_at: str, quick: bool, machine: dict[str, object], versions: dict[str, str]
) -> dict[str, Any]:
    """Return everything that was measured, with what it was measured on."""
    return {
        "benchmark": NAME,
        "measured_at": measured_at,
        "quick": quick,
        "machine": machine,
        "versions": versions,
        "settings": {
            "senders": SENDERS,
            "rounds": len(results[BARE]),
            "warm_up_share": WARM_UP_SHARE,
            "redis": "appendonly yes, save '', noeviction, unix socket, appendfsync as the row says",
        },
        "rows": [_row_json(row, results, quick=quick) for row in ROWS],
        "goals": [_goal_json(goal, results) for goal in GOALS],
    }


def print_tables(document: dict[str, Any]) -> None:
    """Print the speeds, the processor shares, the goals and the noise."""
    console = Console(highlight=False, width=None if Console().is_terminal else _WIDTH)
    console.print(_speeds(document["rows"]))
    console.print(_shares(document["rows"]))
    for goal in document["goals"]:
        console.print(_goal_words(goal))
    console.print(_noise_words(document))


def _row_json(row: Row, results: Results, *, quick: bool) -> dict[str, Any]:
    rounds = results[row.key]
    return {
        "key": row.key,
        "title": row.title,
        "traffic": asdict(traffic_of(row, quick=quick)),
        "median": {
            "events_per_s": _median(rounds, "events_per_s"),
            "accepted_per_s": _median(rounds, "accepted_per_s"),
            "answer_p50_ms": _median(rounds, "answer_p50_ms"),
            "answer_p99_ms": _median(rounds, "answer_p99_ms"),
            "events_per_batch": statistics.median(each.events / each.batches if each.batches else 0 for each in rounds),
            "processors": {
                name: statistics.median(each.processors[name] for each in rounds) for name in rounds[0].processors
            },
            "cpu_us_per_event": statistics.median(map(_cpu_us_per_event, rounds)),
            "others": _median(rounds, "others"),
            "stolen": _median(rounds, "stolen"),
        },
        "slowest_events_per_s": min(each.events_per_s for each in rounds),
        "fastest_events_per_s": max(each.events_per_s for each in rounds),
        "of_bare": ratio(results, row.key, BARE),
        "times_rq": ratio(results, row.key, row.rival),
        "rounds": [asdict(each) for each in rounds],
    }


def _goal_json(goal: Goal, results: Results) -> dict[str, Any]:
    reached = ratio(results, goal.row, goal.rival)
    return asdict(goal) | {"reached": reached, "met": reached is not None and reached >= goal.at_least}


def _median(rounds: Sequence[Measurement], field: str) -> float:
    values: list[float] = [getattr(each, field) for each in rounds]
    return statistics.median(values)


def _cpu_us_per_event(found: Measurement) -> float:
    """Return what all but the harness used: hardly changed by other programs, unlike the speed."""
    return sum(share for name, share in found.processors.items() if name not in HARNESS) / found.events_per_s * 1e6


def _speeds(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="Events accepted and delivered (median of the rounds)", box=None, title_justify="left")
    table.add_column("")
    for heading in ("events/s", "slowest to fastest", "of bare", "times RQ", "200 p50 ms", "p99 ms", "events/batch"):
        table.add_column(heading, justify="right")
    for row in rows:
        median = row["median"]
        table.add_row(
            row["title"],
            f"{median['events_per_s']:,.0f}",
            f"{row['slowest_events_per_s']:,.0f} to {row['fastest_events_per_s']:,.0f}",
            f"{row['of_bare']:.3f}",
            "" if row["times_rq"] is None else f"{row['times_rq']:.1f}",
            f"{median['answer_p50_ms']:.1f}",
            f"{median['answer_p99_ms']:.1f}",
            f"{median['events_per_batch']:.1f}" if median["events_per_batch"] else "",
        )
    return table


def _shares(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(
        title="\nWho was busy (100 % = one processor all the time; CPU us/event without senders and site)",
        box=None,
        title_justify="left",
    )
    table.add_column("")
    for name in (*PROCESSES, "ours in all", "others", "stolen", "CPU us/event"):
        table.add_column(name, justify="right")
    for row in rows:
        median = row["median"]
        used = median["processors"]
        cells = [f"{used[name]:.0%}" if name in used else "" for name in PROCESSES]
        noise = (sum(used.values()), median["others"], median["stolen"])
        table.add_row(row["title"], *cells, *(f"{share:.0%}" for share in noise), f"{median['cpu_us_per_event']:.0f}")
    return table


def _goal_words(goal: dict[str, Any]) -> str:
    verdict = "met" if goal["met"] else "NOT met"
    return f"Goal {verdict}: {goal['row']} is {goal['reached']:.2f} {goal['words']} (at least {goal['at_least']:.2f})"


def _noise_words(document: dict[str, Any]) -> str:
    machine = document["machine"]
    noisy = [row["title"] for row in document["rows"] if row["median"]["others"] > NOISY_SHARE]
    words = (
        f"{machine['cores']} processors shared by everything above, one flush of the disk takes"
        f" {machine['flush_ms']:.2f} ms, load before the run {machine['load_average_before'][0]}."
    )
    if noisy:
        words += " NOISY: other programs took much of the machine during: " + "; ".join(noisy) + "."
    return words
