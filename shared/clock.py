"""Time as a value that is handed in. Not a timer: nothing here waits.

Every decision that depends on time takes `now`, or a `Clock` when it outlives one moment, so that tests need not sleep.
"""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]
"""Seconds since 1970-01-01 UTC, as `time.time` tells them."""


def iso_ms(epoch_ms: int) -> str:
    """Write milliseconds since 1970 as ISO 8601 in UTC with milliseconds: `2026-11-22T10:20:00.123Z`."""
    whole = datetime.fromtimestamp(epoch_ms // 1000, tz=UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03d}Z"
