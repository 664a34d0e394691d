"""What the running relay's answers are worth."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.checks import running
from relay.core.checks.running import judge_running, judge_sites
from shared.checks import Outcome


@pytest.mark.parametrize(
    ("status", "answer", "found"),
    [
        pytest.param(
            200,
            {"version": "1.4.0", "workers": 2},
            [("it answers, and is of release 1.4.0", ""), ("2 are alive", "")],
            id="well",
        ),
        pytest.param(
            200,
            {"version": "1.3.9", "workers": 0, "new": 1},
            [
                ("it is of release 1.3.9, this command of 1.4.2", running.RESTART),
                ("none is alive", running.START_WORKER),
            ],
            id="older, and no worker",
        ),
        pytest.param(401, {}, [("it does not accept the admin token", running.OTHER_RELAY)], id="another token"),
        pytest.param(503, {}, [("it runs, but cannot use its Redis now", running.SEE_LOG)], id="no Redis"),
        pytest.param(200, [], [("what answers (status 200) is not the relay", running.ADDRESS)], id="somebody else"),
    ],
)
def test_the_running_relay(status: int, answer: object, found: list[tuple[str, str]]) -> None:
    lines = judge_running(status, json.dumps(answer).encode(), version="1.4.2")

    assert [(line.words, line.remedy) for line in lines] == found


def sites(**states: str) -> bytes:
    return json.dumps(
        {"sites": [{"name": name, "delivery": {"state": state}} for name, state in states.items()]}
    ).encode()


@pytest.mark.parametrize(
    ("body", "outcome", "words"),
    [
        (sites(), Outcome.SKIPPED, "none is registered yet"),
        (sites(a="up"), Outcome.PASSED, "1 site is up"),
        (sites(a="up", b="up"), Outcome.PASSED, "all 2 are up"),
        (sites(a="parked", b="up", c="paused"), Outcome.WARNED, "parked: a; paused: c"),
        (sites(**{f"s{n}": "parked" for n in range(7)}), Outcome.WARNED, "parked: s0, s1, s2, s3, s4 and 2 more"),
        (b"{}", Outcome.FAILED, "does not tell"),
    ],
)
def test_sites(body: bytes, outcome: Outcome, words: str) -> None:
    line = judge_sites(200, body)

    assert line.outcome is outcome
    assert words in line.words


@given(st.integers(100, 599), st.binary())
def test_any_answer_gives_lines(status: int, body: bytes) -> None:
    lines = [*judge_running(status, body, version="1.0.0"), judge_sites(status, body)]

    assert all(line.remedy for line in lines if line.outcome is Outcome.FAILED)
