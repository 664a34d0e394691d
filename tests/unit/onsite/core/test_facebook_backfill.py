"""What is read next to fill a gap, and what of it cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.facebook.backfill import (
    Trail,
    found_in,
    messages_go_on,
    newest_ms,
    threads_go_on,
    threads_to_read,
    unreadable_in,
)
from onsite.core.facebook.conversations import Listed, MessagePage, ThreadHead, ThreadPage
from onsite.core.gap import Span

SPAN = Span(10_500, 20_000)


def threads(*updated: int | None, after: str = "next") -> ThreadPage:
    return ThreadPage(tuple(ThreadHead(f"t_{at}", at) for at in updated), after)


def message(at_ms: int, *, readable: bool = True) -> Listed:
    return Listed(f"m_{at_ms}", at_ms, {"from": {"id": "9001"}} if readable else {})


@pytest.mark.parametrize(
    ("page", "wanted", "goes_on"),
    [
        pytest.param(threads(30_000, 12_000), ["t_30000", "t_12000"], "next", id="all since then"),
        pytest.param(threads(30_000, 9000), ["t_30000"], "next", id="the end may be near, but no order is promised"),
        pytest.param(threads(9000, 8000), [], "", id="all before"),
        pytest.param(threads(10_000), ["t_10000"], "next", id="the second in which the gap begins"),
        pytest.param(threads(None), ["t_None"], "next", id="no time told"),
        pytest.param(threads(30_000, after=""), ["t_30000"], "", id="the last page"),
        pytest.param(threads(), [], "", id="nothing"),
    ],
)
def test_threads_are_listed_until_a_whole_page_lies_before(page: ThreadPage, wanted: list[str], goes_on: str) -> None:
    assert threads_to_read(page, SPAN.since_ms) == wanted
    assert threads_go_on(page, SPAN.since_ms) == goes_on


def test_the_newest_thread_says_when_the_last_word_was_said() -> None:
    assert newest_ms(threads(9000, None, 12_000)) == 12_000
    assert newest_ms(threads(None)) is None


def test_messages_of_the_gap_are_found_in_the_order_in_which_they_were_said() -> None:
    newest_first = [message(at) for at in (21_000, 20_000, 15_000, 10_000, 9000)]
    page = MessagePage((*newest_first, message(11_000, readable=False)), "next")

    assert [each.at_ms for each in found_in(page, SPAN)] == [10_000, 15_000, 20_000]
    assert unreadable_in(page, SPAN) == ["m_11000"]


@pytest.mark.parametrize(
    ("oldest_ms", "after", "expected"),
    [
        pytest.param(10_000, "next", "next", id="the gap begins within the second of the oldest"),
        pytest.param(9000, "next", "next", id="a page that reaches back behind the gap, and holds some of it"),
        pytest.param(15_000, "", "", id="no more messages"),
    ],
)
def test_a_thread_is_listed_on_while_its_page_touches_the_gap(oldest_ms: int, after: str, expected: str) -> None:
    page = MessagePage((message(15_000), message(oldest_ms)), after)

    assert messages_go_on(page, SPAN.since_ms) == expected


def test_a_thread_whose_page_lies_before_the_gap_is_not_listed_on() -> None:
    assert messages_go_on(MessagePage((message(9000), message(8000)), "next"), SPAN.since_ms) == ""


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans())))
def test_each_message_of_the_gap_is_either_found_or_unreadable(said: list[tuple[int, bool]]) -> None:
    listed = [message(second * 1000, readable=readable) for second, readable in said]
    page = MessagePage(tuple(listed), "")

    assert len(found_in(page, SPAN)) + len(unreadable_in(page, SPAN)) == sum(
        SPAN.has_second(each.at_ms) for each in listed
    )


@pytest.mark.parametrize(
    ("cursors", "followed", "is_cut"),
    [
        pytest.param(["a", "b", ""], ["a", "b", ""], False, id="a list that ends"),
        pytest.param(["a", "a"], ["a", ""], True, id="a list that stands still"),
        pytest.param(["a", "b", "a"], ["a", "b", ""], True, id="a list that leads back"),
        pytest.param(["a", "b", "c", "d"], ["a", "b", "c", ""], True, id="a list that never ends"),
        pytest.param([""], [""], False, id="no list"),
    ],
)
def test_a_list_is_followed_to_its_end_and_not_in_circles(
    cursors: list[str], followed: list[str], *, is_cut: bool
) -> None:
    trail = Trail(most_pages=3)

    assert [trail.further(each) for each in cursors] == followed
    assert trail.is_cut is is_cut
