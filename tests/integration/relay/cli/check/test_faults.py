"""Each fault fails in its own line of `relay check`, with its remedy."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
import redis as sync_redis

from relay.core import keys
from relay.core.checks import app, public_address, redis, running
from relay.core.page import FIELDS
from tests.integration.relay.cli.check.report import Run, lines_of, subscribed
from tests.support.graph_thread import GraphThread
from tests.support.own_redis import OwnRedis
from tests.support.waiting import process_did
from tests.world.ports import free_port


@dataclass(frozen=True)
class World:
    """What a fault is made in."""

    graph: GraphThread
    redis: sync_redis.Redis
    monkeypatch: pytest.MonkeyPatch

    def env(self, name: str, value: str) -> None:
        """Give the command another setting than the relay has."""
        self.monkeypatch.setenv(f"RELAY_{name}", value)


Fault = Callable[[World], object]


@pytest.mark.parametrize(
    ("fault", "name", "words", "remedy"),
    [
        pytest.param(
            lambda w: w.env("FACEBOOK_APP_SECRET", "another"),
            app.CREDENTIALS,
            "Invalid OAuth access token signature. (error 190)",
            app.COMPARE,
            id="another app secret",
        ),
        pytest.param(
            lambda w: w.env("FACEBOOK_APP_SECRET", "with\ttab"),
            app.CREDENTIALS,
            "this is no token",
            app.COMPARE,
            id="a secret that no header takes",
        ),
        pytest.param(
            lambda w: w.env("GRAPH_URL", "http://127.0.0.1:9"),
            app.CREDENTIALS,
            "127.0.0.1:9 takes no connection",
            app.WAY_OUT,
            id="facebook out of reach",
        ),
        pytest.param(
            lambda w: w.graph.sim.app.subscriptions.clear(),
            app.SUBSCRIPTION,
            "the app is not subscribed to pages",
            app.FIX,
            id="no subscription",
        ),
        pytest.param(
            lambda w: w.graph.sim.app.subscriptions.update(page=replace(subscribed(w.graph), fields=FIELDS[1:])),
            app.SUBSCRIPTION,
            "fields are missing: messages",
            app.FIX,
            id="a field is missing",
        ),
        pytest.param(
            lambda w: w.graph.sim.app.listen("https://old.example/x"),
            app.SUBSCRIPTION,
            "Facebook posts to https://old.example/x, not to http://127.0.0.1:",
            app.FIX,
            id="another callback",
        ),
        pytest.param(
            lambda w: w.env("PUBLIC_URL", ""),
            "RELAY_PUBLIC_URL",
            "not set",
            "https://relay.example.com",
            id="no public address",
        ),
        pytest.param(
            lambda w: w.env("PUBLIC_URL", "http://127.0.0.1:9"),
            public_address.CHALLENGE,
            "cannot be reached: 127.0.0.1:9 takes no connection",
            public_address.PROXY,
            id="public address out of reach",
        ),
        pytest.param(
            lambda w: w.env("PUBLIC_URL", w.graph.sim.url),
            public_address.CHALLENGE,
            "and not as this relay does",
            public_address.PROXY,
            id="somebody else at the public address",
        ),
        pytest.param(
            lambda w: w.env("FACEBOOK_VERIFY_TOKEN", "quite-another"),
            public_address.CHALLENGE,
            "refuses this verify token",
            public_address.ANOTHER_RELAY,
            id="another verify token",
        ),
        pytest.param(
            lambda w: w.env("REDIS_URL", "redis://127.0.0.1:9"),
            "Redis",
            "cannot be used",
            redis.AWAY,
            id="redis out of reach",
        ),
        pytest.param(
            lambda w: w.redis.config_set("appendonly", "no"),
            "Redis persistence",
            "a restart loses events",
            redis.KEEP,
            id="redis keeps nothing",
        ),
        pytest.param(
            lambda w: w.redis.config_set("maxmemory-policy", "allkeys-lru"),
            "Redis persistence",
            "full memory loses events",
            redis.KEEP,
            id="redis evicts",
        ),
        pytest.param(
            lambda w: w.env("REDIS_WAIT_REPLICAS", "1"),
            "Redis replicas",
            "0 follow the master",
            "webhooks get 503",
            id="no replica",
        ),
        pytest.param(
            lambda w: w.env("RQ_REDIS_URL", "redis://127.0.0.1:9"),
            "RQ's Redis",
            "cannot be used",
            redis.AWAY,
            id="RQ's redis out of reach",
        ),
        pytest.param(
            lambda w: w.env("ADMIN_URL", "http://127.0.0.1:9"),
            running.RELAY,
            "the relay does not answer",
            running.START,
            id="relay not running",
        ),
        pytest.param(
            lambda w: w.env("ADMIN_URL", w.graph.sim.url),
            running.RELAY,
            "what answers",
            running.ADDRESS,
            id="another program",
        ),
        pytest.param(
            lambda w: w.env("ADMIN_TOKEN", "another"),
            running.RELAY,
            "does not accept the admin token",
            running.OTHER_RELAY,
            id="another admin token",
        ),
    ],
)
def test_each_fault_fails_in_its_line_with_its_remedy(
    whole: Run,
    graph: GraphThread,
    keeping: sync_redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    name: str,
    words: str,
    remedy: str,
) -> None:
    fault(World(graph, keeping, monkeypatch))
    ended = whole("check", "--json")
    line = lines_of(ended)[name]

    assert (ended.code, line["outcome"]) == (1, "failed")
    assert words in line["words"]
    assert remedy in line["remedy"]


def test_a_parked_site_is_a_warning_and_no_failure(whole: Run, keeping: sync_redis.Redis) -> None:
    whole("site", "add", "acme", "https://acme.example")
    keeping.hset(keys.delivery("acme"), "state", "parked")
    ended = whole("check", "--json")
    line = lines_of(ended)[running.SITES]

    assert (ended.code, line["outcome"], line["words"]) == (0, "warned", "parked: acme")
    assert line["remedy"] == running.LOOK_AT_SITES


def test_sites_that_another_master_key_sealed_are_a_failure(whole: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole("site", "add", "acme", "https://acme.example")
    monkeypatch.setenv("RELAY_MASTER_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    line = lines_of(whole("check", "--json"))["master key"]

    assert line["outcome"] == "failed"
    assert "sealed with another master key" in line["words"]


def test_a_redis_of_the_relays_own_that_was_never_started_is_no_failure(
    whole: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RELAY_REDIS_URL")
    lines = lines_of(whole("check", "--json"))

    assert lines["Redis"]["outcome"] == "skipped"
    assert "is started with the relay" in lines["Redis"]["words"]


def test_a_replica_that_is_asked_for_and_there_passes(whole: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with OwnRedis(port=free_port()) as master, OwnRedis("--replicaof", "127.0.0.1", str(master.port)) as replica:
        process_did(lambda: replica.client.info("replication")["master_link_status"] == "up")
        monkeypatch.setenv("RELAY_REDIS_URL", master.url)
        monkeypatch.setenv("RELAY_REDIS_WAIT_REPLICAS", "1")
        line = lines_of(whole("check", "--json"))["Redis replicas"]

    assert line["outcome"] == "passed"
