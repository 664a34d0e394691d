"""Time as a value that is handed in. Not a timer: nothing here waits.

Every decision that depends on time takes `now`, or a `Clock` when it outlives one moment, so that tests need not sleep.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

Clock = Callable[[], float]
"""Seconds since 1970-01-01 UTC, as `time.time` tells them."""

LAST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999 (UTC), the last that `datetime` and most calendars know."""


def iso_ms(epoch_ms: int) -> str:
    """Write milliseconds since 1970 as ISO 8601 in UTC with milliseconds: `2026-11-22T10:20:00.123Z`.

    Raises ValueError for what is beyond LAST_MS.
    """
    return f"{_iso_s(epoch_ms // 1000)}.{epoch_ms % 1000:03d}Z"


@lru_cache(maxsize=16)
def _iso_s(epoch_s: int) -> str:
    """Write whole seconds; remembered, as the events of a batch share them and writing a date is slow."""
    return f"{datetime.fromtimestamp(epoch_s, tz=UTC):%Y-%m-%dT%H:%M:%S}"
