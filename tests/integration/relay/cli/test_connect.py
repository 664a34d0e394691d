"""`relay connect`."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.commands import Ended
from tests.support.logs import written_logs
from tests.support.relay import ADMIN_TOKEN
from tests.support.relay_thread import RelayThread

Ask = Callable[..., Ended]

PUBLIC = "https://relay.example"


@pytest.fixture
def public(run: Ask, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    """Return a runner of commands that talk to a relay with a public address, and with one site."""
    with written_logs(), RelayThread(redis_url, tmp_path / "server", public_url=PUBLIC) as relay:
        monkeypatch.setenv("RELAY_ADMIN_TOKEN", ADMIN_TOKEN)
        monkeypatch.setenv("RELAY_ADMIN_URL", relay.url)
        run("site", "add", "acme", "http://127.0.0.1:1", "--allow-insecure", "--allow-network", "127.0.0.0/8")
        yield run


def test_it_prints_the_link_and_until_when_it_works(public: Ask) -> None:
    ended = public("connect", "acme")

    assert ended.code == 0
    assert ended.out.splitlines()[-1].startswith(f"{PUBLIC}/facebook/connect/")
    assert "until" in ended.out


def test_as_json_it_is_one_document(public: Ask) -> None:
    made = json.loads(public("connect", "acme", "--return-to", "/channels", "--json").out)

    assert set(made) == {"url", "expires_at"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["nobody"], "there is no site named nobody", id="no such site"),
        pytest.param(["acme", "--return-to", "https://evil.example"], "nobody is sent anywhere but", id="elsewhere"),
    ],
)
def test_what_cannot_be_is_said_in_words(public: Ask, arguments: list[str], told: str) -> None:
    ended = public("connect", *arguments)

    assert ended.code == 1
    assert told in ended.err


def test_a_relay_without_a_public_address_names_the_setting(ask: Ask) -> None:
    ended = ask("connect", "acme")

    assert ended.code == 1
    assert "RELAY_PUBLIC_URL" in ended.err
