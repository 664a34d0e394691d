"""The command line: which histories it runs, what it prints, and how it ends."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from shared.console import run_app
from tests.faults import __main__ as command
from tests.faults.draw import plan_of
from tests.faults.ledger import Ledger, Sent
from tests.faults.mutants import ENGINES
from tests.faults.report import Finding, finding_of
from tests.faults.run.world import COMMITS_LATE
from tests.faults.session import Extent
from tests.faults.size import Size

LOST = Sent("m_1", "1", "c", 0, 0, wanted=True, first_sent_at=0.0, attempts=1, acknowledged_at=1.0)


class Runs:
    """Stands for the histories: remembers which were asked for."""

    def __init__(self, *sent: Sent) -> None:
        self.extents: list[Extent] = []
        self._ledger = Ledger(sent=sent)

    def __call__(self, extent: Extent, size: Size, *, mutant: str, keep: bool) -> list[Finding]:
        assert not keep
        self.extents.append(extent)
        return [finding_of(plan_of(extent.first_seed, size), self._ledger, seconds=1.0, mutant=mutant)]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runs:
    runs = Runs()
    monkeypatch.setattr(command, "run_all", runs)
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    monkeypatch.setattr(command, "describe_machine", lambda _folder: {"cores": 2})
    return runs


def run(monkeypatch: pytest.MonkeyPatch, *args: str) -> int:
    """Run the command; returns its exit code."""
    monkeypatch.setattr(sys, "argv", ["faults", *args])
    with pytest.raises(SystemExit) as ended:
        run_app(command.app, "faults")
    code: Any = ended.value.code
    return int(code or 0)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        pytest.param(["--seed", "7"], Extent(7, histories=1), id="a seed alone is one history"),
        pytest.param(["--seed", "7", "--histories", "3"], Extent(7, 3), id="several"),
        pytest.param(["--seed", "7", "--minutes", "2"], Extent(7, minutes=2.0), id="for some minutes"),
    ],
)
def test_the_histories_that_are_asked_for_are_run(
    monkeypatch: pytest.MonkeyPatch, runs: Runs, args: Sequence[str], expected: Extent
) -> None:
    assert run(monkeypatch, *args) == 0
    assert runs.extents == [expected]


def test_without_a_seed_it_is_minutes_of_new_ones(monkeypatch: pytest.MonkeyPatch, runs: Runs) -> None:
    run(monkeypatch)
    run(monkeypatch)

    assert [extent.minutes for extent in runs.extents] == [command.DEFAULT_MINUTES] * 2
    assert runs.extents[0].first_seed != runs.extents[1].first_seed


def test_what_goes_wrong_is_exit_code_1_and_the_command_to_see_it_again(
    monkeypatch: pytest.MonkeyPatch, runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "run_all", Runs(LOST))

    assert run(monkeypatch, "--seed", "7", "--mutant", "appends in reverse") == 1
    assert "python -m tests.faults --seed 7 --mutant 'appends in reverse'" in capsys.readouterr().out
    assert json.loads((tmp_path / command.REPORT).read_text())["violations"]["lost"] == 1


def test_with_json_the_report_is_all_that_is_printed(
    monkeypatch: pytest.MonkeyPatch, runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "--seed", "7", "--json")

    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / command.REPORT).read_text())


def test_a_plan_is_shown_and_not_run(
    monkeypatch: pytest.MonkeyPatch, runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "--seed", "7", "--show")

    assert json.loads(capsys.readouterr().out)["seed"] == 7
    assert runs.extents == []


def test_the_broken_engines_are_listed(
    monkeypatch: pytest.MonkeyPatch, runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--mutant", "?") == 0
    assert capsys.readouterr().out.splitlines() == [*ENGINES, COMMITS_LATE]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        pytest.param(["--size", "huge"], "there is no size huge: full, short, alone", id="size"),
        pytest.param(["--mutant", "x"], "there is no mutant 'x'", id="mutant"),
    ],
)
def test_a_mistake_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
    runs: Runs,
    capsys: pytest.CaptureFixture[str],
    args: Sequence[str],
    sentence: str,
) -> None:
    assert run(monkeypatch, *args) != 0
    assert sentence in capsys.readouterr().err
