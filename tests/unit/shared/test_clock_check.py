"""How far a clock may be off."""

import pytest

from shared.checks import Outcome
from shared.clock_check import REMEDY, ahead_of, judge_clock

DATE, AT = "Sun, 22 Nov 2026 10:20:00 GMT", 1_795_342_800.0


@pytest.mark.parametrize(
    ("date", "now", "ahead_s"),
    [(DATE, AT, 0.0), (DATE, AT + 7, 7.0), (DATE, AT - 7, -7.0), ("", AT, None), ("yesterday", AT, None)],
)
def test_a_date_tells_how_far_we_are_ahead(date: str, now: float, ahead_s: float | None) -> None:
    assert ahead_of(date, now) == ahead_s


@pytest.mark.parametrize(
    ("ahead_s", "outcome"),
    [
        (None, Outcome.SKIPPED),
        (0.0, Outcome.PASSED),
        (-59.0, Outcome.PASSED),
        (60.0, Outcome.WARNED),
        (-299.0, Outcome.WARNED),
        (300.0, Outcome.FAILED),
        (-1e9, Outcome.FAILED),
    ],
)
def test_a_difference_fails_from_where_pushes_are_refused(ahead_s: float | None, outcome: Outcome) -> None:
    line = judge_clock(ahead_s, whose="Facebook's")

    assert line.outcome is outcome
    assert line.remedy == (REMEDY if outcome in {Outcome.WARNED, Outcome.FAILED} else "")
