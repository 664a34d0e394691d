"""What each mood of a light site means for one push after the other."""

import pytest

from tests.faults.processes.moods import NARROW_EVENTS, Manner, Mood, manner_of, receipt


def manners(mood: Mood, *, pushes: int = 5, events: int = 1) -> list[Manner]:
    return [manner_of(mood, value=2.5, push=push, events=events) for push in range(pushes)]


def statuses(mood: Mood, **carrying: int) -> set[int | None]:
    return {each.answer.status if each.answer else None for each in manners(mood, **carrying)}


@pytest.mark.parametrize("mood", Mood)
def test_every_mood_knows_what_to_do(mood: Mood) -> None:
    assert len(manners(mood, pushes=20)) == 20


@pytest.mark.parametrize(
    ("mood", "expected"),
    [
        pytest.param(Mood.THROTTLES, {429, 503}, id="throttles"),
        pytest.param(Mood.REDIRECTS, {302, 307, 308}, id="redirects"),
        pytest.param(Mood.REFUSES, {401, 404}, id="refuses"),
        pytest.param(Mood.GONE, {410}, id="gone"),
    ],
)
def test_a_site_that_says_no_commits_nothing(mood: Mood, expected: set[int | None]) -> None:
    assert statuses(mood) == expected
    assert not any(manner.commits for manner in manners(mood))


def test_a_lost_answer_is_one_to_a_batch_that_was_committed() -> None:
    assert all(manner.commits and manner.closes for manner in manners(Mood.LOSES))


def test_a_site_that_hangs_has_committed_nothing_and_a_slow_one_everything() -> None:
    assert not any(manner.commits for manner in manners(Mood.HANGS))
    assert all(manner.commits and manner.late_by_s == 2.5 for manner in manners(Mood.SLOW))


def test_a_narrow_site_takes_small_batches_only() -> None:
    assert statuses(Mood.NARROW, events=NARROW_EVENTS + 1) == {413}
    assert statuses(Mood.NARROW, events=NARROW_EVENTS) == {None}


def test_garbage_is_never_a_receipt() -> None:
    assert all(manner.answer for manner in manners(Mood.GARBAGE))


def test_a_flapping_site_gets_something_done_now_and_then() -> None:
    assert {(manner.commits, manner.answer is None) for manner in manners(Mood.FLAPS)} == {
        (True, True),
        (False, False),
        (False, True),
    }


def test_a_receipt_counts_what_is_committed_and_names_what_is_refused() -> None:
    assert receipt(["1-0", "1-1"], []).body == b'{"accepted": 2}'
    assert b'"rejected": [{"id": "1-1"' in receipt(["1-0", "1-1"], ["1-1"]).body
