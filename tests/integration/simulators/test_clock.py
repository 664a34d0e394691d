"""The clock that runs on, faster if wanted, and can be moved."""

import pytest

from tests.simulators.clock import ManualClock, RunningClock


@pytest.mark.parametrize(("speed", "passed_s"), [(1.0, 10.0), (360.0, 3600.0)])
def test_it_runs_so_many_times_as_fast(speed: float, passed_s: float) -> None:
    base = ManualClock(1000.0)
    clock = RunningClock(base, speed=speed)

    base.advance(10)

    assert clock() == pytest.approx(1000 + passed_s)


def test_it_can_be_moved_ahead_while_it_runs() -> None:
    base = ManualClock(1000.0)
    clock = RunningClock(base)

    clock.advance(3600)
    base.advance(1)

    assert clock() == pytest.approx(4601)
