"""Calls are spaced evenly, for each name by itself."""

import pytest

from onsite.engine.pace import Pace


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


async def test_each_call_waits_for_its_turn() -> None:
    time = Time()
    pace = Pace(2.0, monotonic=lambda: time.now, sleep=time.sleep)
    for name in ("a", "b", "a", "a"):
        await pace.turn(name)

    assert time.slept == pytest.approx([0.55, 0.55])


async def test_time_that_passed_is_not_waited_for_again_and_is_not_saved_up() -> None:
    time = Time()
    pace = Pace(2.0, monotonic=lambda: time.now, sleep=time.sleep)
    await pace.turn("a")
    time.now += 10.0
    await pace.turn("a")
    await pace.turn("a")

    assert time.slept == pytest.approx([0.55])
