"""What is counted, and that counting many at once is counting each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram

from relay.core.outbox import Entry
from relay.engine import metrics
from relay.engine.metrics import ManyHistogram, note_acknowledged
from shared.wire import Rejection
from tests.support.clock import NOON

BUCKETS = (0.005, 0.1, 1, 60)


def samples(histogram: Histogram) -> dict[tuple[str, str], float]:
    (family,) = histogram.collect()
    return {(each.name, each.labels.get("le", "")): each.value for each in family.samples if "created" not in each.name}


@given(amounts=st.lists(st.integers(0, 100_000), max_size=50))
def test_observing_many_at_once_is_observing_each(amounts: list[int]) -> None:
    one_by_one = Histogram("a", "a", buckets=BUCKETS, registry=CollectorRegistry())
    at_once = ManyHistogram("a", "a", buckets=BUCKETS, registry=CollectorRegistry())
    for amount in amounts:
        one_by_one.observe(amount / 1000)
    at_once.observe_ms(amounts)

    assert samples(at_once) == pytest.approx(samples(one_by_one))


def test_what_comes_from_a_clock_that_is_ahead_counts_as_no_time() -> None:
    histogram = ManyHistogram("a", "a", buckets=BUCKETS, registry=CollectorRegistry())
    histogram.observe_ms([-5, -1])
    found = samples(histogram)

    assert (found["a_count", ""], found["a_sum", ""], found["a_bucket", "0.005"]) == (2, 0, 2)


def test_an_acknowledged_batch_is_counted_by_event_with_the_age_of_each() -> None:
    before = [
        metrics.EVENTS_DELIVERED._value.get(),
        metrics.EVENTS_REJECTED._value.get(),
        samples(metrics.DELIVERY_SECONDS)["relay_delivery_seconds_sum", ""],
        samples(metrics.BATCH_EVENTS)["relay_batch_events_sum", ""],
    ]
    entries = [Entry(f"{round(NOON * 1000) - ms}-0", "1", "messaging", b"") for ms in (3000, 2000, 500)]
    note_acknowledged(entries, [Rejection(entries[0].id, "odd")], now=NOON)
    after = [
        metrics.EVENTS_DELIVERED._value.get(),
        metrics.EVENTS_REJECTED._value.get(),
        samples(metrics.DELIVERY_SECONDS)["relay_delivery_seconds_sum", ""],
        samples(metrics.BATCH_EVENTS)["relay_batch_events_sum", ""],
    ]

    assert [late - early for early, late in zip(before, after, strict=True)] == pytest.approx([2, 1, 5.5, 3])


def test_every_result_of_a_webhook_has_its_series_before_the_first_one() -> None:
    (family,) = metrics.WEBHOOKS.collect()

    assert {each.labels["result"] for each in family.samples} >= set(metrics.WEBHOOK_RESULTS)
    assert all(result in family.documentation for result in metrics.WEBHOOK_RESULTS)
