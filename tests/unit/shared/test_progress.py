"""Progress is for a person at a terminal, and for nobody else."""

import io

import pytest
from rich.console import Console

from shared import progress as progress_module
from shared.progress import progress


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Put a terminal in the place of stderr."""
    shown = io.StringIO()
    monkeypatch.setattr(progress_module, "err", Console(file=shown, force_terminal=True, width=80))
    return shown


def test_on_a_terminal_it_shows_what_is_done_and_how_far_it_is(terminal: io.StringIO) -> None:
    with progress("dropping", total=10) as advance:
        advance(4)
        advance(2)

    assert "dropping" in terminal.getvalue()
    assert "6/10" in terminal.getvalue()


def test_hidden_it_shows_nothing(terminal: io.StringIO) -> None:
    with progress("dropping", total=10, hidden=True) as advance:
        advance(10)

    assert terminal.getvalue() == ""


def test_without_a_terminal_it_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(progress_module, "err", Console(file=shown))
    with progress("dropping", total=10) as advance:
        advance(10)

    assert shown.getvalue() == ""
