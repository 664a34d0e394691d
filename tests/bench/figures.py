"""Sums over figures: percentiles, and medians over rounds. Pure."""

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Round = TypeVar("Round")


def percentile(rising: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values, at least one and in rising order, do not exceed."""
    return rising[max(0, math.ceil(len(rising) * share) - 1)]


def median(rounds: Iterable[Round], figure: Callable[[Round], float]) -> float:
    """Return the median of a figure over the rounds, at least one."""
    return statistics.median(map(figure, rounds))


def median_ratio(of: Iterable[Round], to: Iterable[Round], figure: Callable[[Round], float]) -> float:
    """Return the median over the rounds of how many times as much `of` was as `to`.

    Each ratio is taken within its round, so that a slow minute of the machine, which meets both, cancels out.
    """
    return statistics.median(figure(mine) / figure(theirs) for mine, theirs in zip(of, to, strict=True))
