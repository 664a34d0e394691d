"""Ratios are taken within a round, so that a slow minute of the machine cancels out."""

import pytest

from tests.bench.accept_and_deliver import ratio
from tests.bench.measure import Measurement


def at(events_per_s: float) -> Measurement:
    """Write a measurement of which only the speed matters."""
    return Measurement(1, 1.0, events_per_s, events_per_s, 1, 1.0, 1.0, {}, 0.0, 0.0)


def test_a_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    results = {"relay": [at(300), at(40), at(100)], "rq": [at(10), at(4), at(1)]}

    assert ratio(results, "relay", "rq") == pytest.approx(30)


def test_a_row_without_a_fair_rival_has_no_ratio() -> None:
    assert ratio({"relay": [at(300)]}, "relay", "") is None
