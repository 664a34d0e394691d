"""`relay status`."""

import json
from collections.abc import Callable

import pytest
import redis as sync_redis

from relay.cli import status
from relay.core import keys
from tests.support import facebook
from tests.support.clock import NOON
from tests.support.commands import Ended
from tests.support.relay_thread import RelayThread

Ask = Callable[..., Ended]


def test_a_fresh_relay_says_what_to_do_first(ask: Ask) -> None:
    assert ask("status") == Ended(0, "No site is registered yet; `relay site add NAME URL` registers one.\n", "")
    assert json.loads(ask("status", "--json").out) == {"sites": [], "unclaimed": [], "troubled_pages": []}


def test_a_parked_site_says_since_when_why_and_when_it_is_tried_again(ask: Ask, redis_url: str) -> None:
    ask("site", "add", "acme", "https://acme.example")
    ask("site", "add", "beta", "https://beta.example")
    with sync_redis.Redis.from_url(redis_url) as client:
        fields = {
            "state": "parked",
            "failures": "3",
            "parked_since_ms": str(round(NOON * 1000)),
            "next_attempt_ms": str(round(NOON * 1000) + 30_000),
            "last_error": "the site answered \x1b[31m500 :b:",
        }
        for name, value in fields.items():
            client.hset(keys.delivery("acme"), name, value)
        client.xadd(keys.outbox("acme"), {"p": "22", "k": "messaging", "d": "{}"}, id="1800000000000-0")
    printed = ask("status").out

    assert "acme is parked since 2027-01-15T08:00:00.000Z, after 3 failures in a row." in printed
    assert "last error: the site answered \ufffd[31m500 :b:" in printed
    assert "first to go: event 1800000000000-0; `relay outbox show acme --limit 1` shows it" in printed
    assert "next attempt: 2027-01-15T08:00:30.000Z" in printed
    assert "beta is" not in printed


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param(
            {"refused_id": "1800000000000-0", "refused_times": "3", "failures": "3"},
            ["refused this event alone, 3 times in a row", "`relay outbox set-aside acme --id 1800000000000-0`"],
            id="refused alone",
        ),
        pytest.param(
            {"failures": "6", "last_error": "the site answered 500"},
            ["should this event alone be to blame, `relay outbox set-aside acme --id 1800000000000-0`"],
            id="answered badly for long",
        ),
        pytest.param({"failures": "5", "last_error": "the site answered 500"}, [], id="answered badly for a while"),
        pytest.param({"failures": "99", "last_error": "no answer within 20 s"}, [], id="away"),
        pytest.param(
            {
                "refused_id": "1800000000000-0",
                "refused_times": "3",
                "failures": "3",
                "last_error": "the site refused the signature (403): its secret is not the one",
            },
            [],
            id="another secret: no event is to blame",
        ),
        pytest.param(
            {"refused_id": "1700000000000-0", "refused_times": "3", "failures": "1"},
            [],
            id="another was refused before",
        ),
    ],
)
def test_where_one_event_may_be_to_blame_it_says_what_can_be_done(
    ask: Ask, redis_url: str, fields: dict[str, str], words: list[str]
) -> None:
    ask("site", "add", "acme", "https://acme.example")
    with sync_redis.Redis.from_url(redis_url) as client:
        for name, value in ({"state": "parked", "last_error": "x"} | fields).items():
            client.hset(keys.delivery("acme"), name, value)
        client.xadd(keys.outbox("acme"), {"p": "22", "k": "messaging", "d": "{}"}, id="1800000000000-0")
    printed = ask("status").out

    assert all(each in printed for each in words)
    assert ("set-aside" in printed) is bool(words)


class TestWatching:
    @pytest.fixture
    def looks(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        """Press Ctrl-C in the third pause; returns the pauses."""
        pauses: list[float] = []

        def sleep(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 3:
                raise KeyboardInterrupt

        monkeypatch.setattr("relay.cli.status.time.sleep", sleep)
        return pauses

    def test_it_shows_the_status_again_until_ctrl_c(self, ask: Ask, looks: list[float]) -> None:
        ask("site", "add", "acme", "https://acme.example")
        ended = ask("status", "--watch")

        assert (ended.code, ended.err) == (0, "")
        assert ended.out.count("acme") == 2 * 3  # its name and its address
        assert looks == [status.WATCH_EVERY_S] * 3

    @pytest.mark.usefixtures("looks")
    def test_a_relay_that_is_away_is_waited_for(self, run: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RELAY_ADMIN_TOKEN", "x")
        ended = run("status", "--watch", "--url", "http://127.0.0.1:1")

        assert ended.code == 0
        assert ended.out.count("does not answer") == 3

    def test_a_program_watches_by_itself(self, ask: Ask) -> None:
        ended = ask("status", "--watch", "--json")

        assert (ended.code, ended.out) == (1, "")
        assert "--watch is for people" in ended.err


def test_a_paused_site_waits_for_an_operator(ask: Ask, redis_url: str) -> None:
    ask("site", "add", "acme", "https://acme.example")
    with sync_redis.Redis.from_url(redis_url) as client:
        client.hset(keys.delivery("acme"), "state", "paused")

    assert "next attempt: after `relay site resume acme`" in ask("status").out
    assert "was paused" in ask("site", "resume", "acme").out
    assert json.loads(ask("site", "resume", "acme", "--json").out) == {"name": "acme", "was": "up"}


def test_what_no_site_claims_is_listed_with_how_to_deliver_it(ask: Ask, relay: RelayThread) -> None:
    relay.webhook(facebook.messages("22", "a", "b"))
    printed = ask("status").out
    told = json.loads(ask("status", "--json").out)

    assert "`relay bind PAGE_ID SITE` delivers them" in printed
    assert printed.splitlines()[-1].split()[:2] == ["22", "2"]
    assert [(page["page_id"], page["waiting"]) for page in told["unclaimed"]] == [("22", 2)]
