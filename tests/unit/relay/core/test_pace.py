"""How batches grow and shrink."""

from hypothesis import given
from hypothesis import strategies as st

from relay.core.outbox import DEFAULT_LIMITS, BatchLimits
from relay.core.pace import PROBE_EVENTS, grown, probing, shrunk

COUNTS = st.integers(1, 1000)


def test_from_a_probe_to_full_batches_each_is_twice_the_one_before() -> None:
    limits, sizes = probing(DEFAULT_LIMITS), list[int]()
    while not sizes or sizes[-1] != DEFAULT_LIMITS.max_events:
        sizes.append(limits.max_events)
        limits = grown(limits, DEFAULT_LIMITS)

    assert sizes == [10, 20, 40, 80, 160, 320, 500]
    assert sizes[0] == PROBE_EVENTS


@given(now=COUNTS, full=COUNTS, events=COUNTS)
def test_a_batch_is_never_empty_and_never_more_than_full(now: int, full: int, events: int) -> None:
    limits, most = BatchLimits(min(now, full), 7), BatchLimits(full, 7)

    assert 1 <= probing(limits, events).max_events <= min(limits.max_events, events)
    assert limits.max_events <= grown(limits, most).max_events <= full
    assert shrunk(limits, events) == BatchLimits(events, 7)
