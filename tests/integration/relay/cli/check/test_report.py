"""The report of `relay check`: its lines, its words on a terminal and in a pipe, its exit code, and no secret."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from relay.core.checks import app, pages, public_address, running
from tests.integration.relay.cli.check.report import Run, lines_of
from tests.support.graph_thread import GraphThread
from tests.support.terminal import terminal

ROOT = Path(__file__).parents[5]
MARKER = "marker-3f1c-secret"
WARNED = {"RELAY_PUBLIC_URL", "workers"}
"""What is not as in production here: the relay is at this machine's own address, and has no worker beside it."""


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
