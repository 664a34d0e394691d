"""A benchmark's figure counts only when the checker is content, so the checker must miss nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.checker import Arrival, find_problems
from tests.bench.traffic import Stream

EXPECTED = {Stream("acme", 0): 3, Stream("acme", 1): 2, Stream("basement", 0): 2}


def arrive(*came: tuple[str, int, int]) -> list[Arrival]:
    """Write arrivals as (site, sender, number), with event ids that grow as they should."""
    return [
        Arrival(site, f"1763806800123-{index}", sender, number) for index, (site, sender, number) in enumerate(came)
    ]


ALL_WELL = arrive(
    ("acme", 0, 0),
    ("basement", 0, 0),
    ("acme", 1, 0),
    ("acme", 0, 1),
    ("acme", 0, 2),
    ("acme", 1, 1),
    ("basement", 0, 1),
)


def test_nothing_is_said_when_every_event_came_once_and_in_order() -> None:
    assert find_problems(EXPECTED, ALL_WELL) == []


@pytest.mark.parametrize(
    ("arrivals", "problems"),
    [
        pytest.param(
            [each for each in ALL_WELL if (each.sender, each.number) != (0, 1) or each.site != "acme"],
            ["acme, sender 0: 1 of 3 events lost: 1"],
            id="one in the middle is lost",
        ),
        pytest.param(ALL_WELL[:-1], ["basement, sender 0: 1 of 2 events lost: 1"], id="the last one is lost"),
        pytest.param(
            [each for each in ALL_WELL if each.site == "acme"],
            ["basement, sender 0: 2 of 2 events lost: 0, 1"],
            id="a whole site got nothing",
        ),
        pytest.param(
            [*ALL_WELL, Arrival("acme", "1763806800123-7", 0, 1)],
            ["acme, sender 0: 1 of 3 events doubled: 1"],
            id="one was accepted twice, under two ids",
        ),
        pytest.param(
            [*ALL_WELL, ALL_WELL[-1]],
            [
                "basement, sender 0: 1 of 2 events doubled: 1",
                "basement: 1 event ids came more than once: 1763806800123-6",
            ],
            id="one was delivered twice, under one id",
        ),
        pytest.param(
            arrive(("acme", 0, 1), ("acme", 0, 0), ("acme", 0, 2)),
            [
                "acme, sender 0: 1 of 3 events overtaken: 0",
                "acme, sender 1: 2 of 2 events lost: 0, 1",
                "basement, sender 0: 2 of 2 events lost: 0, 1",
            ],
            id="one overtook another, and more is wrong",
        ),
        pytest.param(
            [*ALL_WELL, Arrival("acme", "1763806800123-7", 0, 3)],
            ["acme, sender 0: 1 of 3 events never sent: 3"],
            id="one came that nobody sent",
        ),
        pytest.param(
            [*ALL_WELL, Arrival("cellar", "1763806800123-7", 0, 0)],
            ["cellar, sender 0: 1 of 0 events never sent: 0"],
            id="one came to a site that nothing was sent to",
        ),
        pytest.param(
            [ALL_WELL[0], ALL_WELL[1], *ALL_WELL[2:5], ALL_WELL[6], ALL_WELL[5]._replace(event_id="1763806800122-9")],
            ["acme: 1 event ids came after a later one: 1763806800122-9"],
            id="two senders' events left the outbox in another order than they entered it",
        ),
    ],
)
def test_whatever_went_wrong_is_named(arrivals: list[Arrival], problems: list[str]) -> None:
    assert find_problems(EXPECTED, arrivals) == problems


def test_ids_are_compared_as_numbers_and_not_as_texts() -> None:
    came = [Arrival("acme", "1763806800123-9", 0, 0), Arrival("acme", "1763806800123-10", 0, 1)]

    assert find_problems({Stream("acme", 0): 2}, came) == []


@given(st.permutations(range(6)))
def test_every_other_order_of_one_senders_events_is_noticed(order: list[int]) -> None:
    came = [Arrival("acme", f"1763806800123-{place}", 0, number) for place, number in enumerate(order)]

    assert bool(find_problems({Stream("acme", 0): 6}, came)) == (order != sorted(order))


@given(st.lists(st.integers(0, 4), max_size=8))
def test_content_means_exactly_the_numbers_that_were_sent(numbers: list[int]) -> None:
    came = [Arrival("acme", f"1763806800123-{place}", 0, number) for place, number in enumerate(numbers)]

    assert (find_problems({Stream("acme", 0): 4}, came) == []) == (numbers == [0, 1, 2, 3])
