"""Commands as a person runs them, against a relay that really runs."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.commands import Ended, run_relay
from tests.support.logs import written_logs
from tests.support.relay import ADMIN_TOKEN
from tests.support.relay_thread import RelayThread

Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a folder of its own, without anybody's settings."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("RELAY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a runner of `relay` commands that knows no relay."""

    def run_command(*args: str) -> Ended:
        ended = run_relay(monkeypatch, capsys, *args)
        assert "Traceback" not in ended.out + ended.err
        return ended

    return run_command


@pytest.fixture
def relay(redis_url: str, tmp_path: Path) -> Iterator[RelayThread]:
    """Run a relay, whose logs are not mixed with what commands print."""
    with written_logs(), RelayThread(redis_url, tmp_path / "server") as relay:
        yield relay


@pytest.fixture
def ask(run: Run, relay: RelayThread, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a runner of `relay` commands that talk to that relay."""
    monkeypatch.setenv("RELAY_ADMIN_TOKEN", ADMIN_TOKEN)
    monkeypatch.setenv("RELAY_ADMIN_URL", relay.url)
    return run
