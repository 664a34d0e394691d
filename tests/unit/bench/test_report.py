"""Nothing that was not measured, not met or not quiet goes unsaid."""

import json

import pytest

from tests.bench.outcome import Outcome, Sheet, at_least
from tests.bench.report import Report, print_report

MACHINE = {"cores": 2, "flush_ms": 0.4, "load_average_before": [0.1]}
OUTCOME = Outcome(
    [Sheet("Speeds", ["events/s"], [["relay [always]", "5,000"]])],
    [at_least("relay", 5_000.0, 4_000, "{:,.0f}"), at_least("rival", 10.0, 40, "{:.0f} times")],
    {"rows": [1, 2]},
    noisy=["relay"],
    not_measured={"arq": "no network"},
)


def report(*, quick: bool = False) -> Report:
    """Write a report of a run in which one benchmark failed."""
    return Report(
        {"accept": OUTCOME},
        {"drain": "an event was lost"},
        measured_at="2026-11-22T10:20:00.123Z",
        quick=quick,
        machine=MACHINE,
        versions={"python": "3.11"},
    )


@pytest.mark.parametrize(
    "words",
    [
        "relay [always]",
        "NOT MET",
        "met",
        "NOISY, accept: others, or the machine below, took much of this one during: relay",
        "NOT MEASURED, accept: 1: arq: no network",
        "FAILED, drain: an event was lost",
        "at least 40 times",
    ],
)
def test_people_are_told(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_report(report())

    assert words in capsys.readouterr().out


def test_a_quick_run_says_that_its_figures_mean_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(report(quick=True))

    assert "QUICK" in capsys.readouterr().out


def test_programs_are_told_the_same() -> None:
    document = json.loads(json.dumps(report().as_json()))

    assert document["failures"] == {"drain": "an event was lost"}
    assert document["benchmarks"]["accept"]["rows"] == [1, 2]
    assert document["benchmarks"]["accept"]["not_measured"] == {"arq": "no network"}
    assert [goal["met"] for goal in document["benchmarks"]["accept"]["goals"]] == [True, False]
    assert document["machine"]["cores"] == 2
