"""The rules of a bot's queue: offsets, confirmation, retention, ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulators.telegram.update_kinds import DEFAULT_KINDS, KINDS, read_allowed
from tests.simulators.telegram.update_queue import LIFETIME_S, LOWEST_FIRST_ID, UpdateQueue, random_first_id

FIRST = 5_000_001
NOW = 1_795_000_000.0
DAY_S = 24 * 3600


def queue_of(count: int) -> UpdateQueue:
    queue = UpdateQueue(first_id=lambda: FIRST)
    for number in range(count):
        queue.push("message", {"message_id": number}, expires_at=NOW + LIFETIME_S, now=NOW)
    return queue


def ids(queue: UpdateQueue, offset: int = 0, limit: int = 100, now: float = NOW) -> list[int]:
    return [update["update_id"] - FIRST for update in queue.get(offset and offset + FIRST, limit, now)]


def test_an_update_has_its_id_and_exactly_one_other_key() -> None:
    assert queue_of(1).get(0, 100, NOW) == [{"update_id": FIRST, "message": {"message_id": 0}}]


@pytest.mark.parametrize(
    ("offset", "answer", "left"),
    [
        pytest.param(0, [0, 1, 2, 3, 4], 5, id="absent: from the oldest"),
        pytest.param(FIRST, [0, 1, 2, 3, 4], 5, id="the oldest"),
        pytest.param(FIRST + 3, [3, 4], 2, id="in between: what lies before is confirmed"),
        pytest.param(FIRST + 5, [], 0, id="the next one: all confirmed"),
        pytest.param(FIRST + 15, [], 0, id="10 above the next one: taken at its word"),
        pytest.param(FIRST + 16, [0, 1, 2, 3, 4], 5, id="11 above: a mistake, nothing lost"),
        pytest.param(2**31 - 1, [0, 1, 2, 3, 4], 5, id="far above"),
        pytest.param(FIRST - 1, [0, 1, 2, 3, 4], 5, id="confirmed long ago"),
        pytest.param(1, [0, 1, 2, 3, 4], 5, id="far below: a mistake"),
        pytest.param(-2, [3, 4], 2, id="negative: the last two, the rest forgotten"),
        pytest.param(-5, [0, 1, 2, 3, 4], 5, id="negative: exactly all"),
        pytest.param(-99, [0, 1, 2, 3, 4], 5, id="negative beyond the head"),
    ],
)
def test_an_offset_confirms_what_lies_before_it(offset: int, answer: list[int], left: int) -> None:
    queue = queue_of(5)

    updates = [update["update_id"] - FIRST for update in queue.get(offset, 100, NOW)]

    assert (updates, queue.pending(NOW)) == (answer, left)


def test_the_limit_leaves_the_rest_for_later() -> None:
    queue = queue_of(5)

    assert ids(queue, limit=2) == [0, 1]
    assert ids(queue, offset=2, limit=2) == [2, 3]
    assert queue.pending(NOW) == 3


def test_an_empty_queue_answers_any_offset_with_nothing() -> None:
    assert [UpdateQueue().get(offset, 100, NOW) for offset in (-5, 0, 5)] == [[], [], []]


def test_an_update_lives_24_hours() -> None:
    queue = queue_of(1)

    assert ids(queue, now=NOW + DAY_S) == [0]
    assert ids(queue, now=NOW + DAY_S + 1) == []


@pytest.mark.parametrize(
    ("silence_s", "next_id"),
    [pytest.param(7 * DAY_S, FIRST + 1, id="a week"), pytest.param(7 * DAY_S + 1, 3_000_000, id="longer")],
)
def test_after_a_week_of_silence_ids_start_anew(silence_s: int, next_id: int) -> None:
    firsts = iter([FIRST, 3_000_000])
    queue = UpdateQueue(first_id=lambda: next(firsts))
    queue.push("message", {}, expires_at=NOW + DAY_S, now=NOW)
    later = NOW + silence_s

    assert queue.push("message", {}, expires_at=later + DAY_S, now=later) == next_id


def test_an_answer_stays_below_4_mib() -> None:
    queue = UpdateQueue(first_id=lambda: FIRST)
    for _ in range(5):
        queue.push("message", {"text": "x" * 1024 * 1024}, expires_at=NOW + DAY_S, now=NOW)

    assert ids(queue) == [0, 1, 2]
    assert queue.pending(NOW) == 5


def test_a_first_id_is_a_positive_32_bit_number() -> None:
    assert LOWEST_FIRST_ID <= random_first_id() < 2**31


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 5)), max_size=40))
def test_whoever_confirms_what_they_got_gets_everything_once_and_in_order(steps: list[tuple[bool, int]]) -> None:
    queue = UpdateQueue(first_id=lambda: FIRST)
    pushed: list[int] = []
    received: list[int] = []
    for push, count in [*steps, (False, 100), (False, 100)]:
        if push:
            pushed += [queue.push("message", {}, expires_at=NOW + DAY_S, now=NOW) for _ in range(count)]
        else:
            offset = received[-1] + 1 if received else 0
            received += [update["update_id"] for update in queue.get(offset, count, NOW)]

    assert received == pushed


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        pytest.param(None, None, id="absent: as before"),
        pytest.param("", None, id="empty text: as before"),
        pytest.param("{", None, id="broken: as before"),
        pytest.param([], DEFAULT_KINDS, id="empty list: the default"),
        pytest.param('["message"]', frozenset({"message"}), id="JSON text"),
        pytest.param(["Message", "sms"], frozenset({"message"}), id="unknown names are passed over"),
        pytest.param(list(KINDS), frozenset(KINDS), id="all"),
    ],
)
def test_allowed_updates_are_read_loosely(value: object, allowed: frozenset[str] | None) -> None:
    assert read_allowed(value) == allowed
