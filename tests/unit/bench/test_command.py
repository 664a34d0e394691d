"""The command runs what was chosen, goes on after a failure, and tells failure from a missed goal."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bench import __main__ as command
from tests.bench.catalogue import BENCHES
from tests.bench.errors import BenchFailed
from tests.bench.outcome import Outcome, at_least
from tests.bench.plan import Bench, Plan

ROOT = Path(__file__).resolve().parents[3]

Run = Callable[..., int]


def missed(_plan: Plan) -> Outcome:
    """Measure a figure that misses its goal."""
    return Outcome([], [at_least("speed", 1.0, 2, "{:.0f}")], {"measured": True})


def lost(_plan: Plan) -> Outcome:
    """Lose an event."""
    raise BenchFailed("an event was lost")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line with two benchmarks of ours."""
    benches = {"missed": Bench("missed", "a goal?", 3, missed), "lost": Bench("lost", "an event?", 3, lost)}
    monkeypatch.setattr(command, "BENCHES", benches)
    monkeypatch.setattr(command, "FOLDER", tmp_path / "bench")

    def call(*arguments: str) -> int:
        monkeypatch.setattr("sys.argv", ["bench", *arguments])
        return command.main()

    return call


def test_a_missed_goal_is_no_error(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("missed") == 0
    assert "NOT MET" in capsys.readouterr().out


def test_a_lost_event_is_an_error_and_the_others_are_measured_all_the_same(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 1

    assert "FAILED, lost: an event was lost" in capsys.readouterr().out
    assert json.loads((tmp_path / "bench" / "missed.json").read_text())["measured"] is True
    assert not (tmp_path / "bench" / "lost.json").exists()


def test_one_document_is_printed_for_programs(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "missed") == 0

    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert list(document["benchmarks"]) == ["missed"]


def test_an_unknown_name_is_answered_with_the_known_ones(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        run("speed")

    assert end.value.code == 2
    assert "none of missed, lost" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "rounds", "quick"),
    [
        pytest.param([], 3, False, id="each benchmark knows how many rounds it needs"),
        pytest.param(["--rounds", "2"], 2, False, id="unless told otherwise"),
        pytest.param(["--quick"], 1, True, id="one when it is to be quick"),
        pytest.param(["--quick", "--rounds", "2"], 2, True, id="both"),
    ],
)
def test_rounds(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    rounds: int,
    quick: bool,  # noqa: FBT001  a column
) -> None:
    plans: list[Plan] = []

    def note(plan: Plan) -> Outcome:
        plans.append(plan)
        return Outcome([], [], {})

    monkeypatch.setattr(command, "BENCHES", {"noted": Bench("noted", "how often?", 3, note)})

    run(*arguments)

    assert [(plan.rounds, plan.quick) for plan in plans] == [(rounds, quick)]


@pytest.mark.parametrize("name", BENCHES)
def test_every_benchmark_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "benchmarks.md").read_text("utf-8")


def test_quick_is_a_tenth_of_everything_but_never_nothing(tmp_path: Path) -> None:
    plan = Plan(1, quick=True, folder=tmp_path, keep=tmp_path, tell=print)

    assert [plan.some(200), plan.some(3)] == [20, 1]
