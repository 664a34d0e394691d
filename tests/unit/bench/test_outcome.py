"""A goal is met on the right side of its bound, and by any one of its bounds."""

import pytest

from tests.bench.outcome import Bound, Goal, Sense, at_least, at_most


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        pytest.param(at_least("speed", 50.0, 40, "{:.0f}"), True, id="more than at least asked"),
        pytest.param(at_least("speed", 40.0, 40, "{:.0f}"), True, id="exactly what was at least asked"),
        pytest.param(at_least("speed", 39.9, 40, "{:.0f}"), False, id="less than asked"),
        pytest.param(at_most("latency", 4.0, 5, "{:.0f}"), True, id="less than at most allowed"),
        pytest.param(at_most("latency", 5.0, 5, "{:.0f}"), True, id="exactly what was at most allowed"),
        pytest.param(at_most("latency", 5.1, 5, "{:.0f}"), False, id="more than allowed"),
    ],
)
def test_a_goal_is_met_up_to_its_bound(goal: Goal, met: bool) -> None:  # noqa: FBT001  a column of the table
    assert goal.met is met


@pytest.mark.parametrize(("speed", "ratio", "met"), [(21_000, 3, True), (9_000, 4.5, True), (9_000, 3, False)])
def test_a_goal_of_two_bounds_is_met_by_either(speed: float, ratio: float, met: bool) -> None:  # noqa: FBT001
    goal = Goal(
        "many",
        [
            Bound(speed, Sense.AT_LEAST, 20_000, "{:,.0f} events/s"),
            Bound(ratio, Sense.AT_LEAST, 4, "{:.1f} times one"),
        ],
    )

    assert goal.met is met
    assert goal.wanted == "at least 20,000 events/s or at least 4.0 times one"


def test_a_goal_says_what_was_measured_and_what_was_wanted() -> None:
    goal = at_most("latency", 4.25, 5, "{:.1f} ms")

    assert (goal.measured, goal.wanted) == ("4.2 ms", "at most 5.0 ms")
