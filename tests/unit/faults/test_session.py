"""How many histories a run has: a number of them, or as many as begin within some minutes."""

from itertools import islice

import pytest

from tests.faults.session import Extent


@pytest.mark.parametrize("histories", [1, 3])
def test_a_number_of_histories_counts_the_seeds_up(histories: int) -> None:
    assert list(Extent(7, histories=histories).seeds()) == list(range(7, 7 + histories))


def test_no_time_is_still_one_history() -> None:
    assert list(Extent(7, minutes=0.0).seeds()) == [7]


def test_histories_begin_as_long_as_there_is_time() -> None:
    assert list(islice(Extent(7, minutes=60.0).seeds(), 4)) == [7, 8, 9, 10]


def test_the_share_that_is_over_is_by_number_where_there_is_one() -> None:
    assert Extent(7, histories=4).share(1, since=0.0) == 0.25
