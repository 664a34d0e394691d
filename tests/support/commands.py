"""Running a command in this process, as `python -m relay …` would: its exit code, and what it printed where."""

import sys
from dataclasses import dataclass

import pytest

from relay.__main__ import main


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def run_relay(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *args: str) -> Ended:
    """Run one `relay` command to its end."""
    monkeypatch.setattr(sys, "argv", ["relay", *args])
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    code = ended.value.code
    return Ended(code if isinstance(code, int) else int(code is not None), printed.out, printed.err)
