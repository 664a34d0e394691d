"""A rival that cannot be installed is named with its reason; what it needs is pinned."""

import re
from pathlib import Path

import pytest

from tests.bench.rivals import environments
from tests.bench.rivals.environments import REQUIREMENTS, RivalMissing, python_for
from tests.bench.rivals.starter import OTHERS


@pytest.mark.parametrize("rival", [rival.name for rival in OTHERS])
def test_all_that_a_rival_needs_is_pinned(rival: str) -> None:
    lines = (REQUIREMENTS / f"{rival}.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]

    assert any(re.split("==", pin)[0] == rival for pin in pins)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", pin) for pin in pins)


def test_a_rival_that_cannot_be_installed_is_missing_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nothing.txt").write_text("no-such-package-of-anybody==1.0\n")
    monkeypatch.setattr(environments, "REQUIREMENTS", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    with pytest.raises(RivalMissing, match="no-such-package-of-anybody"):
        python_for("nothing", tmp_path / "homes")


def test_an_environment_is_made_once_and_anew_when_a_pin_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = tmp_path / "nothing.txt"
    pins.write_text("# nothing but ours\n")
    monkeypatch.setattr(environments, "REQUIREMENTS", tmp_path)
    python = python_for("nothing", tmp_path / "homes")
    mark = python.parents[1] / "mark"

    mark.touch()
    python_for("nothing", tmp_path / "homes")
    kept = mark.exists()
    pins.write_text("# still nothing\n")
    python_for("nothing", tmp_path / "homes")

    assert kept
    assert not mark.exists()
