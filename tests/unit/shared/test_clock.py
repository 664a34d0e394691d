"""Moments as text."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import iso_ms

LAST_MS = 253_402_300_799_999  # the end of the year 9999


@pytest.mark.parametrize(
    ("epoch_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_763_806_800_123, "2025-11-22T10:20:00.123Z"),
        (1_763_806_800_007, "2025-11-22T10:20:00.007Z"),
        (LAST_MS, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_moment_is_written_in_utc_with_milliseconds(epoch_ms: int, text: str) -> None:
    assert iso_ms(epoch_ms) == text


@given(epoch_ms=st.integers(0, LAST_MS))
def test_nothing_is_lost_on_the_way_to_text(epoch_ms: int) -> None:
    moment = dt.datetime.fromisoformat(iso_ms(epoch_ms))
    start = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

    assert (moment - start) // dt.timedelta(milliseconds=1) == epoch_ms
