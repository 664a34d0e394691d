"""How a command finds the relay and its token."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.local_keys import load_or_create
from tests.support.commands import Ended
from tests.support.relay import ADMIN_TOKEN
from tests.support.relay_thread import RelayThread

Run = Callable[..., Ended]


def test_without_a_token_the_ways_to_one_are_named(run: Run, tmp_path: Path) -> None:
    ended = run("status")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("relay: run this in the folder where the relay runs, or give")
    assert f"{tmp_path}/var/relay/admin-token does not exist" in ended.err
    assert all(way in ended.err for way in ("relay run", "--data-dir", "RELAY_ADMIN_TOKEN"))


def test_the_token_of_the_relays_data_folder_is_found(run: Run, relay: RelayThread, tmp_path: Path) -> None:
    load_or_create(tmp_path / "data" / "admin-token", lambda: SecretStr(ADMIN_TOKEN))

    assert run("status", "--data-dir", str(tmp_path / "data"), "--url", relay.url).code == 0


def test_the_environment_and_env_file_serve_as_well(
    run: Run, relay: RelayThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(f"RELAY_ADMIN_TOKEN={ADMIN_TOKEN}\nRELAY_FACEBOOK_APP_ID=1\n")
    monkeypatch.setenv("RELAY_PORT", relay.url.rpartition(":")[2])

    assert run("status").code == 0


def test_a_wrong_token_is_said_so_and_not_repeated(
    run: Run, relay: RelayThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_ADMIN_TOKEN", "hush-hush")
    ended = run("status", "--url", relay.url)

    assert ended.code == 1
    assert "does not accept this token" in ended.err
    assert "hush" not in ended.err


def test_a_relay_that_does_not_run_is_said_so_with_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_ADMIN_TOKEN", ADMIN_TOKEN)
    ended = run("status", "--url", "http://127.0.0.1:1")

    assert (ended.code, ended.out) == (1, "")
    assert "the relay does not answer at http://127.0.0.1:1. Start it with `relay run`" in ended.err


def test_bad_settings_are_all_told_with_exit_code_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_PORT", "none")
    monkeypatch.setenv("RELAY_TYPO", "1")
    ended = run("status")

    assert (ended.code, ended.out) == (2, "")
    assert "2 settings need attention:" in ended.err
    assert "RELAY_PORT: " in ended.err
    assert "RELAY_TYPO: no such setting" in ended.err
