"""`relay run`, `relay serve`, `relay worker`: how they refuse to start. How they run is tested at `bootstrap`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import facebook
from tests.support.commands import Ended
from tests.support.logs import written_logs

Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def logs_are_put_back() -> Iterator[None]:
    """Put logs back, as starting a server configures them for the whole process."""
    with written_logs():
        yield


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_FACEBOOK_APP_ID", facebook.APP_ID)
    monkeypatch.setenv("RELAY_FACEBOOK_APP_SECRET", facebook.APP_SECRET)
    monkeypatch.setenv("RELAY_FACEBOOK_VERIFY_TOKEN", facebook.VERIFY_TOKEN)


@pytest.mark.parametrize("command", ["run", "serve", "worker"])
def test_without_settings_all_that_is_missing_is_named(run: Run, command: str) -> None:
    ended = run(command)

    assert (ended.code, ended.out) == (2, "")
    assert "3 settings need attention:" in ended.err
    assert ended.err.count("missing") == 3


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_processes_that_run_apart_need_a_redis_that_they_share(run: Run, configured: None, command: str) -> None:
    ended = run(command)

    assert (ended.code, ended.out) == (2, "")
    assert (
        "RELAY_REDIS_URL: missing: processes that run apart need a Redis they share; `relay run` needs none"
        in ended.err
    )


def test_flags_are_checked_like_settings(run: Run, configured: None) -> None:
    ended = run("run", "--port", "70000")

    assert ended.code == 2
    assert "RELAY_PORT: " in ended.err


def test_a_data_folder_that_cannot_be_used_is_said_so(run: Run, configured: None, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = run("run", "--data-dir", str(tmp_path / "file" / "data"))

    assert (ended.code, ended.out) == (1, "")
    assert "cannot be used: Not a directory" in ended.err


def test_a_redis_that_is_away_is_said_so(run: Run, configured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_REDIS_URL", "redis://:hush-hush@127.0.0.1:1/0")
    ended = run("serve")

    assert (ended.code, ended.out) == (1, "")
    assert "Redis cannot be used" in ended.err
    assert "hush" not in ended.err


def test_a_redis_that_would_lose_events_is_refused(
    run: Run, configured: None, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    monkeypatch.setenv("RELAY_REDIS_URL", redis_url)
    ended = run("serve")

    assert (ended.code, ended.out) == (2, "")
    assert "`appendonly` is not `yes`: a restart loses events" in ended.err
    assert "--allow-volatile" in ended.err
