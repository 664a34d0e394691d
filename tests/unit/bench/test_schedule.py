"""A schedule is made before anything starts, and always the same."""

import itertools
import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.schedule import Flow, due_times
from tests.bench.traffic import Traffic, bodies

flows = st.builds(Flow, st.builds(Traffic, st.integers(1, 60)), st.floats(1, 1000), st.integers(0, 99))


@given(flows)
def test_every_body_is_due_once_later_than_the_one_before_and_at_the_same_time_in_every_run(flow: Flow) -> None:
    times = [at for at, _ in due_times(flow)]

    assert [body for _, body in due_times(flow)] == list(bodies(flow.traffic))
    assert times == sorted(times)
    assert times[0] > 0
    assert times == [at for at, _ in due_times(flow)]


def test_another_seed_gives_other_times() -> None:
    flow = Flow(Traffic(10), 100, seed=1)

    assert list(due_times(flow)) != list(due_times(replace(flow, seed=2)))


def test_bodies_come_as_often_as_asked_and_as_unevenly_as_independent_customers_write() -> None:
    times = [at for at, _ in due_times(Flow(Traffic(20_000), 500, seed=1))]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]

    assert len(times) / times[-1] == pytest.approx(500, rel=0.03)
    assert statistics.pstdev(gaps) == pytest.approx(statistics.mean(gaps), rel=0.05)  # as exponential ones have it
