"""`relay status`."""

import json
from collections.abc import Callable

import redis as sync_redis

from relay.core import keys
from tests.support import facebook
from tests.support.clock import NOON
from tests.support.commands import Ended
from tests.support.relay_thread import RelayThread

Ask = Callable[..., Ended]


def test_a_fresh_relay_says_what_to_do_first(ask: Ask) -> None:
    assert ask("status") == Ended(0, "No site is registered yet; `relay site add NAME URL` registers one.\n", "")
    assert json.loads(ask("status", "--json").out) == {"sites": [], "unclaimed": []}


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
