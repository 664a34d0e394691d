"""What an operator asks for becomes a stretch of ids, and what cannot be meant is said in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.choice import Choice, choose
from shared.errors import UserError
from tests.support.clock import NOON
from tests.support.strategies import any_text

NOON_MS = round(NOON * 1000)
"""2027-01-15T08:00:00Z."""


def chosen(*, since: str = "", until: str = "", page: str = "", event_id: str = "") -> Choice:
    return choose(since=since, until=until, page_id=page, event_id=event_id, now=NOON)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        pytest.param("90s", NOON_MS - 90_000, id="seconds ago"),
        pytest.param("15m", NOON_MS - 15 * 60_000, id="minutes ago"),
        pytest.param("2h", NOON_MS - 2 * 3_600_000, id="hours ago"),
        pytest.param("3d", NOON_MS - 3 * 86_400_000, id="days ago"),
        pytest.param("0s", NOON_MS, id="now"),
        pytest.param("999999d", 0, id="before there were computers"),
        pytest.param("2027-01-15T08:00:00Z", NOON_MS, id="a time"),
        pytest.param("2027-01-15T08:00:00.250Z", NOON_MS + 250, id="a time in milliseconds"),
        pytest.param("2027-01-15T09:00+01:00", NOON_MS, id="a time elsewhere"),
        pytest.param("2027-01-15T08:00", NOON_MS, id="a time without a zone is UTC"),
        pytest.param("2027-01-15", NOON_MS - 8 * 3_600_000, id="a day"),
        pytest.param("1960-01-01", 0, id="a day too long ago"),
    ],
)
def test_a_time_bounds_the_ids_on_either_side(text: str, ms: int) -> None:
    assert chosen(since=text) == Choice(str(ms), "+")
    assert chosen(until=text) == Choice("-", str(ms))


def test_without_a_word_it_is_everything() -> None:
    assert chosen() == Choice("-", "+", "")


def test_an_event_and_a_page_are_named() -> None:
    assert chosen(event_id="1763806800123-0", page="22") == Choice("1763806800123-0", "1763806800123-0", "22")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        pytest.param({"since": "yesterday"}, "'yesterday' is no time: expected a time like", id="a word"),
        pytest.param({"until": "2h ago"}, "or how long ago: 90s, 15m, 2h, 3d", id="too many words"),
        pytest.param({"since": "\u0662h"}, "is no time", id="digits of another script"),
        pytest.param({"page": "acme"}, "'acme' is no page id", id="a page that is none"),
        pytest.param({"event_id": "first"}, "`relay outbox show` lists ids", id="an id that is none"),
        pytest.param({"event_id": "1-2", "since": "2h"}, "leave out --since", id="an id and a time"),
    ],
)
def test_what_cannot_be_meant_is_said(asked: dict[str, str], words: str) -> None:
    with pytest.raises(UserError) as refused:
        chosen(**asked)

    assert words in str(refused.value)


def test_a_step_goes_on_where_the_last_one_ended_and_no_further_than_the_first_one_saw() -> None:
    choice = chosen(since="2h", page="22")

    assert choice.going_on("", "") == choice
    assert choice.going_on("(5-1", "9-0") == Choice("(5-1", "9-0", "22")
    assert choice.going_on("5-1", "") == Choice("5-1", "+", "22")


@pytest.mark.parametrize(("after", "last"), [("(", ""), ("5", ""), ("", "(9-0"), ("-", ""), ("5-1\n", ""), ("", "+")])
def test_no_step_ends_at_what_is_no_place(after: str, last: str) -> None:
    with pytest.raises(UserError, match="no place in an outbox"):
        Choice().going_on(after, last)


@given(text=st.one_of(any_text, st.text("0123456789-:TZ+smhd. ")).filter(bool))
def test_any_text_is_a_time_or_a_sentence(text: str) -> None:
    try:
        first = chosen(since=text).first
    except UserError:
        return

    assert 0 <= int(first) < 10**15
