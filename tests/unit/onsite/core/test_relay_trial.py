"""What the relay's answer to `check` means at the site: reached, not reached with what to do, or not known."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core import checks
from onsite.core.relay_answers import RelayReading, RelayState
from onsite.core.relay_trial import RelayTrial, not_asked, read_trial
from shared.checks import Outcome

FOUND: dict[str, Any] = {
    "site": "acme",
    "address": "https://acme.example/relay/events",
    "reached": False,
    "code": "tls",
    "words": "the certificate of acme.example is not valid",
    "status": None,
    "took_ms": 12,
}
CODES = [
    *("signature_refused", "gone", "redirect", "http_status", "no_site", "name_unknown", "network_not_allowed"),
    *("no_connection", "tls", "timeout", "broken_off"),
]


def read(status: int = 200, **changes: Any) -> RelayTrial:
    return read_trial(status, json.dumps(FOUND | changes).encode())


def test_a_site_that_was_reached_passed_and_is_told_where() -> None:
    line = checks.judge_way_in(read(reached=True, code="reached", status_of="later"))

    assert (line.outcome, line.remedy) == (Outcome.PASSED, "")
    assert line.words == "its push to https://acme.example/relay/events arrived, after 12 ms"


@pytest.mark.parametrize("code", [*CODES, "of_a_newer_relay", ""])
def test_a_site_that_was_not_failed_with_what_to_do(code: str) -> None:
    line = checks.judge_way_in(read(code=code))

    assert line.outcome is Outcome.FAILED
    assert "the certificate of acme.example is not valid" in line.words
    assert line.remedy


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_remedy_of_its_own(code: str) -> None:
    assert read(code=code).remedy != read(code="of_a_newer_relay").remedy


@pytest.mark.parametrize(
    ("status", "word"),
    [(404, "earlier release"), (429, "too often"), (401, "ONSITE_RELAY_SECRET"), (503, "cannot answer now")],
)
def test_where_the_relay_did_not_try_nobody_knows_and_nothing_failed(status: int, word: str) -> None:
    line = checks.judge_way_in(read_trial(status, b'{"error": {"code": "x", "message": "y"}}'))

    assert line.outcome is Outcome.SKIPPED
    assert word in line.words


def test_a_relay_that_does_not_answer_is_its_own_lines_failure() -> None:
    assert checks.judge_way_in(not_asked("no answer in time")).outcome is Outcome.SKIPPED


@given(status=st.integers(100, 999), body=st.binary(max_size=80))
def test_any_answer_gives_a_line(status: int, body: bytes) -> None:
    trial = read_trial(status, body)

    assert trial.sentence
    assert trial.reached is None


@given(value=st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_odd_fields_are_harmless(value: Any) -> None:
    assert read(address=value, code=value, words=value, took_ms=value).remedy


@pytest.mark.parametrize("state", list(RelayState))
def test_only_a_relay_that_answers_a_site_that_runs_is_asked(state: RelayState) -> None:
    asked = state in {
        *(RelayState.UP, RelayState.PARKED, RelayState.PAUSED, RelayState.CLOCK_OFF, RelayState.UNCHECKED),
    }
    line = checks.no_way_in(RelayReading(state), site_runs=True)

    assert (line is None) is asked
    stopped = checks.no_way_in(RelayReading(state), site_runs=False)
    assert stopped is not None
    assert stopped.outcome is Outcome.SKIPPED
