"""Audits spread over the hour: no minute has much more than its share, and every page has its turn."""

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from relay.core.audit_times import AT_LEAST_MS, CATCH_UP_S, LATEST_MS, PERIOD_MS, next_audit_ms, share

MINUTE_MS = 60_000
NOW_MS = 1_800_000_000_000

page_ids = st.integers(1, 10**15).map(str)
families = st.builds(
    lambda first, step, count: [str(first + number * step) for number in range(count)],
    st.integers(10**14, 10**15),
    st.integers(1, 10**6),
    st.integers(1, 3000),
)
"""Ids as they come: of pages made one after the other, or far apart."""


@given(families, st.integers(0, 10 * PERIOD_MS))
def test_no_minute_has_much_more_than_its_fair_share(pages: list[str], ahead_ms: int) -> None:
    """Six standard deviations above: what even a million throws of dice per page do not exceed."""
    per_minute = Counter(next_audit_ms(page, after_ms=NOW_MS + ahead_ms) // MINUTE_MS % 60 for page in pages)
    fair = len(pages) / 60

    assert max(per_minute.values()) <= fair + 6 * math.sqrt(fair) + 6


@given(page_ids, st.integers(0, 10 * PERIOD_MS))
def test_a_page_is_audited_within_its_period(page: str, ahead_ms: int) -> None:
    after_ms = NOW_MS + ahead_ms

    assert AT_LEAST_MS <= next_audit_ms(page, after_ms=after_ms) - after_ms < LATEST_MS


@given(page_ids, st.integers(0, PERIOD_MS), st.integers(0, 30_000))
def test_one_that_is_on_time_comes_hourly(page: str, ahead_ms: int, late_ms: int) -> None:
    first = next_audit_ms(page, after_ms=NOW_MS + ahead_ms)

    assert next_audit_ms(page, after_ms=first + late_ms) == first + PERIOD_MS


@given(st.integers(0, 100_000), st.floats(1, 60))
def test_what_is_overdue_is_caught_up_with_in_time_and_not_in_a_burst(pages: int, tick_s: float) -> None:
    ticks = CATCH_UP_S / tick_s

    assert share(pages, tick_s=tick_s) * ticks >= pages * 0.999
    assert share(pages, tick_s=tick_s) <= pages / ticks + 1
