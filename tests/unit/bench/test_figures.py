"""Percentiles are values that were measured; ratios are taken within a round."""

import pytest

from tests.bench.figures import median, median_ratio, percentile


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1.0), (0.25, 1.0), (0.5, 2.0), (0.51, 3.0), (0.99, 4.0), (1.0, 4.0)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, value: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], share) == value


def test_a_median_is_of_a_figure_of_each_round() -> None:
    assert median(["a", "bbb", "cc"], len) == 2


def test_a_ratio_is_the_median_of_the_rounds_own_ratios_so_that_a_slow_minute_cancels_out() -> None:
    assert median_ratio([300.0, 40.0, 100.0], [10.0, 4.0, 1.0], float) == pytest.approx(30)
