"""How often somebody may ask."""

from hypothesis import given
from hypothesis import strategies as st

from relay.core.allowance import Allowances
from tests.support.clock import ManualClock


def test_a_few_calls_may_come_at_once_and_then_one_each_time_span() -> None:
    clock = ManualClock()
    allowances = Allowances(burst=3, every_s=2.0, clock=clock)

    assert [allowances.take("acme") for _ in range(5)] == [0.0, 0.0, 0.0, 2.0, 2.0]
    clock.advance(1.5)
    assert allowances.take("acme") == 0.5
    clock.advance(0.5)
    assert [allowances.take("acme") for _ in range(2)] == [0.0, 2.0]


def test_who_was_silent_may_call_a_few_times_at_once_again_and_no_more_than_that() -> None:
    clock = ManualClock()
    allowances = Allowances(burst=2, every_s=2.0, clock=clock)
    for _ in range(2):
        allowances.take("acme")
    clock.advance(3600)

    assert [allowances.take("acme") for _ in range(3)] == [0.0, 0.0, 2.0]


def test_names_have_nothing_to_do_with_each_other() -> None:
    allowances = Allowances(burst=1, every_s=60.0, clock=ManualClock())

    assert [allowances.take(name) for name in ("acme", "beta", "acme")] == [0.0, 0.0, 60.0]


@given(
    burst=st.integers(1, 5),
    every_s=st.floats(0.1, 10),
    gaps=st.lists(st.floats(0, 20), min_size=1, max_size=60),
)
def test_whoever_calls_in_whatever_rhythm_gets_no_more_than_burst_and_rate(
    burst: int, every_s: float, gaps: list[float]
) -> None:
    clock = ManualClock(0.0)
    allowances = Allowances(burst=burst, every_s=every_s, clock=clock)
    granted = 0
    for gap in gaps:
        clock.advance(gap)
        wait_s = allowances.take("acme")
        granted += wait_s == 0
        assert 0 <= wait_s <= every_s * (1 + 1e-9)

    assert granted <= burst + clock.now / every_s + 1e-6
