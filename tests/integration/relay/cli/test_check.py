"""`relay check`, against a relay, a Redis and a Facebook that really answer."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import redis as sync_redis

from relay.core import keys
from relay.core.checks import app, pages, public_address, redis, running
from relay.core.page import FIELDS
from tests.simulators.graph.app import AppSubscription
from tests.support import facebook
from tests.support.commands import Ended
from tests.support.graph_thread import GraphThread
from tests.support.logs import written_logs
from tests.support.own_redis import OwnRedis
from tests.support.relay_thread import RelayThread
from tests.support.terminal import terminal
from tests.support.waiting import process_did
from tests.world.ports import free_port

Run = Callable[..., Ended]

ROOT = Path(__file__).parents[4]
MARKER = "marker-3f1c-secret"
KEEPS = {"appendonly": "yes", "maxmemory-policy": "noeviction", "appendfsync": "always"}
WARNED = {"RELAY_PUBLIC_URL", "workers"}
"""What is not as in production here: the relay is at this machine's own address, and has no worker beside it."""


@pytest.fixture(autouse=True)
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the command from configuring the logs of all tests; what it logs then is nobody's."""
    with written_logs(), monkeypatch.context() as patch:
        patch.setattr("shared.logs.configure_logs", lambda **_: None)
        yield


@pytest.fixture
def graph() -> Iterator[GraphThread]:
    with GraphThread() as graph:
        yield graph


@pytest.fixture
def keeping(redis_url: str) -> Iterator[sync_redis.Redis]:
    """Let the shared Redis keep what it is given."""
    with sync_redis.Redis.from_url(redis_url) as client:
        for name, value in KEEPS.items():
            client.config_set(name, value)
        yield client
        for name, value in {"appendonly": "no", "maxmemory-policy": "noeviction", "appendfsync": "everysec"}.items():
            client.config_set(name, value)


@pytest.fixture
def whole(
    ask: Run,
    relay: RelayThread,
    graph: GraphThread,
    redis_url: str,
    keeping: sync_redis.Redis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Return a runner of commands where everything is as it should be."""
    graph.sim.callback_url = relay.url + "/facebook/webhook"
    for name, value in {
        "FACEBOOK_APP_ID": facebook.APP_ID,
        "FACEBOOK_APP_SECRET": facebook.APP_SECRET,
        "FACEBOOK_VERIFY_TOKEN": facebook.VERIFY_TOKEN,
        "GRAPH_URL": graph.sim.url,
        "PUBLIC_URL": relay.url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(tmp_path / "server"),
    }.items():
        monkeypatch.setenv(f"RELAY_{name}", value)
    return ask


def lines_of(ended: Ended) -> dict[str, dict[str, Any]]:
    """Return the report's lines by name."""
    return {line["name"]: line for line in json.loads(ended.out)["checks"]}


def subscribed(graph: GraphThread) -> AppSubscription:
    return graph.sim.app.subscriptions["page"]


def test_where_everything_is_right_nothing_fails_and_the_command_ends_with_0(whole: Run) -> None:
    ended = whole("check", "--json")
    lines = lines_of(ended)

    assert (ended.code, ended.err, json.loads(ended.out)["passed"]) == (0, "", True)
    assert {name for name, line in lines.items() if line["outcome"] == "warned"} == WARNED
    assert list(lines) == [
        "settings",
        "RELAY_PUBLIC_URL",
        app.CREDENTIALS,
        app.SUBSCRIPTION,
        "clock",
        public_address.CHALLENGE,
        public_address.SITE_CALLS,
        "Redis version",
        "Redis persistence",
        "Redis clock",
        "master key",
        running.RELAY,
        running.WORKERS,
        running.SITES,
        pages.PAGES,
    ]


def test_a_pipe_gets_words_without_colours_and_a_sentence_that_sums_up(whole: Run, graph: GraphThread) -> None:
    graph.sim.app.subscriptions.clear()
    ended = whole("check")

    assert ended.code == 1
    assert "\x1b" not in ended.out
    assert f"→ {app.FIX}" in ended.out
    assert ended.out.splitlines()[-1] == "1 of 15 checks failed; 2 warnings."


@pytest.mark.parametrize("columns", [200, 80, 40])
def test_a_terminal_of_any_width_gets_whole_words(
    whole: Run, graph: GraphThread, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    graph.sim.app.subscriptions.clear()
    with terminal(monkeypatch, columns) as screen:
        whole("check")

    words = " ".join(screen.text.split())
    assert f"→ {app.FIX}" in words
    assert "1 of 15 checks failed; 2 warnings." in words


@pytest.mark.parametrize("shown_on", ["terminal", "pipe"])
def test_colours_are_for_a_terminal(shown_on: str, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-m", "relay", "check"],
        env=environment,
        cwd=tmp_path,
        stdout=theirs if shown_on == "terminal" else subprocess.PIPE,
        check=False,
    )
    os.close(theirs)
    shown = ended.stdout if shown_on == "pipe" else os.read(ours, 65536)
    os.close(ours)

    assert ended.returncode == 1
    assert (b"\x1b[1;31mfailed" in shown) is (shown_on == "terminal")
    assert b"RELAY_FACEBOOK_APP_ID" in shown


class TestFix:
    def test_it_subscribes_an_app_that_was_not_and_says_so(
        self, whole: Run, graph: GraphThread, relay: RelayThread
    ) -> None:
        graph.sim.app.subscriptions.clear()
        ended = whole("check", "--fix", "--json")
        lines = lines_of(ended)

        assert ended.code == 0
        assert lines[app.SUBSCRIPTION]["outcome"] == "passed"
        assert "posted nothing before" in lines["fix"]["words"]
        assert subscribed(graph).callback_url == relay.url + "/facebook/webhook"
        assert set(subscribed(graph).fields) == set(FIELDS)
        assert subscribed(graph).include_values

    def test_it_names_what_was_there_and_takes_no_field_away(self, whole: Run, graph: GraphThread) -> None:
        graph.sim.app.subscriptions["page"] = AppSubscription(
            "page", "https://old.example/facebook/webhook", ("messages", "feed")
        )
        words = lines_of(whole("check", "--fix", "--json"))["fix"]["words"]

        assert "(was https://old.example/facebook/webhook)" in words
        assert "added message_echoes, " in words
        assert set(subscribed(graph).fields) == {*FIELDS, "feed"}

    def test_it_changes_nothing_where_nothing_is_to_be_changed(self, whole: Run, graph: GraphThread) -> None:
        before = subscribed(graph)
        ended = whole("check", "--fix", "--json")

        assert ended.code == 0
        assert "fix" not in lines_of(ended)
        assert subscribed(graph) is before

    def test_a_relay_that_facebook_cannot_reach_is_not_subscribed(
        self, whole: Run, graph: GraphThread, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        graph.sim.app.subscriptions.clear()
        monkeypatch.setenv("RELAY_PUBLIC_URL", "http://127.0.0.1:9")
        ended = whole("check", "--fix", "--json")
        line = lines_of(ended)["fix"]

        assert ended.code == 1
        assert "(error 2200)" in line["words"]
        assert "public address" in line["remedy"]
        assert graph.sim.app.subscriptions == {}


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


def test_every_wrong_setting_is_a_line_and_the_running_relay_is_asked_all_the_same(
    whole: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_FACEBOOK_APP_ID", "not-digits")
    monkeypatch.setenv("RELAY_FACEBOOK_VERIFY_TOKEN", "short")
    ended = whole("check", "--json")
    lines = json.loads(ended.out)["checks"]

    assert ended.code == 1
    assert [line["outcome"] for line in lines[:3]] == ["failed", "failed", "skipped"]
    assert "RELAY_FACEBOOK_APP_ID" in lines[0]["words"]
    assert "RELAY_FACEBOOK_VERIFY_TOKEN" in lines[1]["words"]
    assert lines[3]["name"] == running.RELAY
    assert lines[3]["outcome"] == "passed"


def test_before_the_first_start_it_says_what_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = run("check", "--json")
    lines = json.loads(ended.out)["checks"]

    assert ended.code == 1
    assert [line["name"] for line in lines] == ["settings"] * 3 + ["app, public address, Redis", running.RELAY]
    assert lines[-1]["remedy"] == running.RIGHT_FOLDER


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


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["words", "json"])
def test_no_secret_is_printed_whatever_fails(
    whole: Run, graph: GraphThread, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    for name in ("FACEBOOK_APP_SECRET", "FACEBOOK_VERIFY_TOKEN", "ADMIN_TOKEN"):
        monkeypatch.setenv(f"RELAY_{name}", MARKER)
    monkeypatch.setenv("RELAY_REDIS_URL", f"redis://user:{MARKER}@127.0.0.1:9")
    right = whole("check", "--fix", *options)
    monkeypatch.setenv("RELAY_MASTER_KEY", MARKER)
    wrong = whole("check", "--fix", *options)

    assert right.code == wrong.code == 1
    assert MARKER not in right.out + right.err + wrong.out + wrong.err
