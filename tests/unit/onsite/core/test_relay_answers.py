"""What the relay's answers mean: one state, and the sentence that says what to do. Any answer has a meaning."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.relay_answers import (
    CLOCKS_DIFFER_S,
    RelayReading,
    RelayState,
    read_announced,
    read_look,
    unreachable,
)
from shared.clock import iso_ms

NOW = 1_800_000_000.0

UP: dict[str, Any] = {
    "site": "acme",
    "time": iso_ms(round(NOW * 1000)),
    "state": "up",
    "draining": False,
    "waiting": 0,
    "oldest_s": None,
    "failures": 0,
    "next_attempt": None,
    "last_error": "",
    "pages": ["1122", "3344"],
    "check_again_s": 60,
}
PARKED = UP | {
    "state": "parked",
    "waiting": 12,
    "oldest_s": 400,
    "next_attempt": "2027-01-15T08:02:00.000Z",
    "last_error": "chat.acme.example:443 does not take connections: Connection refused",
}


def look(answer: Any, status: int = 200) -> RelayReading:
    return read_look(status, json.dumps(answer).encode(), now=NOW)


def ahead(seconds: float) -> dict[str, Any]:
    """Return the answer of a relay whose clock shows less than ours."""
    return UP | {"time": iso_ms(round((NOW - seconds) * 1000))}


def test_a_site_that_is_up_has_nothing_to_do() -> None:
    assert look(UP) == RelayReading(RelayState.UP, "", 0, ("1122", "3344"), 60)


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        pytest.param(
            PARKED,
            RelayState.PARKED,
            ["Connection refused", "12 events wait there, the oldest for 7 min", "2027-01-15T08:02", "public address"],
            id="parked",
        ),
        pytest.param(
            UP | {"state": "parked"}, RelayState.PARKED, ["no reason told", "0 events wait"], id="parked, no reason"
        ),
        pytest.param(
            UP | {"state": "paused", "waiting": 3},
            RelayState.PAUSED,
            ["3 events are kept", "relay site resume"],
            id="paused",
        ),
        pytest.param(ahead(130), RelayState.CLOCK_OFF, ["2 min ahead of", "from 5 min on", "NTP"], id="clock ahead"),
        pytest.param(ahead(-7300), RelayState.CLOCK_OFF, ["2 h behind"], id="clock behind"),
        pytest.param(ahead(-90000 * 30), RelayState.CLOCK_OFF, ["31 days behind"], id="clock of another month"),
        pytest.param(PARKED | {"time": ahead(500)["time"]}, RelayState.CLOCK_OFF, ["8 min"], id="the cause first"),
        pytest.param(
            ahead(500) | {"state": "paused"}, RelayState.PAUSED, ["resume"], id="what only the other side can mend"
        ),
        pytest.param(
            UP | {"state": "napping"}, RelayState.UNCHECKED, ["'napping'", "this release"], id="a later state"
        ),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(answer: Any, state: RelayState, words: list[str]) -> None:
    reading = look(answer)

    assert reading.state is state
    assert all(word in reading.sentence for word in words), reading.sentence


@pytest.mark.parametrize("seconds", [0, CLOCKS_DIFFER_S - 1, 1 - CLOCKS_DIFFER_S])
def test_clocks_may_differ_a_little(seconds: float) -> None:
    assert look(ahead(seconds)).state is RelayState.UP


@pytest.mark.parametrize("time", ["", "noon", "9999999-01-01T00:00:00Z", "2020-01-01T00:00:00"])
def test_a_time_that_cannot_be_read_says_nothing_of_the_clock(time: str) -> None:
    assert look(UP | {"time": time}).state is RelayState.UP


def test_fields_of_a_later_relay_are_ignored_and_those_that_an_earlier_one_lacks_are_not_missed() -> None:
    assert look(UP | {"region": "eu"}) == look(UP)
    assert look({"state": "up", "waiting": 4}) == RelayReading(RelayState.UP, "", 4, (), None)


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        pytest.param(401, RelayState.REFUSED, "ONSITE_SITE and ONSITE_RELAY_SECRET", id="refused"),
        pytest.param(404, RelayState.NOT_OFFERED, "/v1/sites/", id="an older relay, or no relay"),
        pytest.param(403, RelayState.NOT_OFFERED, "(403)", id="somebody in front of it"),
        pytest.param(301, RelayState.NOT_OFFERED, "redirect (301)", id="a redirect"),
        pytest.param(429, RelayState.TROUBLED, "(429)", id="too often"),
        pytest.param(500, RelayState.TROUBLED, "(500)", id="a fault of the relay's"),
        pytest.param(503, RelayState.TROUBLED, "(503)", id="its Redis is away"),
        pytest.param(204, RelayState.NOT_OFFERED, "(204)", id="nothing"),
    ],
)
def test_a_status_is_told_in_words_whichever_call_it_answers(status: int, state: RelayState, words: str) -> None:
    announced, looked = read_announced(status, b"<html>"), read_look(status, b"<html>", now=NOW)

    assert announced == looked
    assert announced.state is state
    assert words in announced.sentence


class TestAnnounced:
    def test_a_site_that_is_up_has_nothing_to_do(self) -> None:
        answer = b'{"state": "up", "waiting": 0, "draining": false, "later": 1}'

        assert read_announced(200, answer) == RelayReading(RelayState.UP, "", 0)

    def test_a_site_that_was_parked_learns_what_is_on_its_way(self) -> None:
        reading = read_announced(200, b'{"state": "parked", "waiting": 25, "draining": true}')

        assert (reading.state, reading.waiting) == (RelayState.PARKED, 25)
        assert "25 events waited then" in reading.sentence  # they may have come before anybody reads this

    def test_a_paused_site_learns_who_can_help(self) -> None:
        reading = read_announced(409, b'{"error": {"code": "paused"}, "waiting": 3}')

        assert (reading.state, reading.waiting) == (RelayState.PAUSED, 3)
        assert "3 events are kept there" in reading.sentence

    @pytest.mark.parametrize("body", [b'{"error": {"code": "paused"}}', b'{"waiting": "x"}', b"<html>", b"\xff"])
    def test_a_paused_site_whose_relay_does_not_say_how_many_wait(self, body: bytes) -> None:
        reading = read_announced(409, body)

        assert reading.state is RelayState.PAUSED
        assert "relay site resume" in reading.sentence


def test_no_answer_is_told_with_its_reason() -> None:
    reading = unreachable("the name relay.example.com cannot be resolved")

    assert reading.state is RelayState.UNREACHABLE
    assert "the name relay.example.com cannot be resolved" in reading.sentence
    assert "ONSITE_RELAY_URL" in reading.sentence


def test_what_the_relay_says_is_cut() -> None:
    long = "x" * 100_000
    reading = look(PARKED | {"last_error": long, "next_attempt": long})

    assert len(reading.sentence) < 1000
    assert len(look(UP | {"state": long}).sentence) < 1000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
FIELDS = st.fixed_dictionaries({}, optional=dict.fromkeys(UP, JSON))


@given(status=st.integers(100, 599), body=st.binary(max_size=60) | FIELDS.map(lambda each: json.dumps(each).encode()))
def test_any_answer_gives_a_reading(status: int, body: bytes) -> None:
    for reading in (read_announced(status, body), read_look(status, body, now=NOW)):
        assert reading.sentence or reading.state is RelayState.UP
