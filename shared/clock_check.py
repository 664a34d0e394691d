"""Judges how far this machine's clock is from another's, as pushes carry a time that both halves must agree on."""

from datetime import UTC
from email.utils import parsedate_to_datetime

from shared.checks import Check, failed, passed, skipped, warned
from shared.signing import TOLERANCE_S

CLOCK = "clock"
CLOCKS_DIFFER_S = 60.0
"""From which difference on it is told. HTTP's dates have whole seconds, and an answer takes its time."""
REMEDY = "set this machine's clock right, and let it be kept right (NTP)"


def ahead_of(date: str, now: float) -> float | None:
    """Return how far `now`, in seconds since 1970, is ahead of an HTTP date; None where it is none.

    https://www.rfc-editor.org/rfc/rfc9110#name-date
    """
    try:
        moment = parsedate_to_datetime(date)
        return now - (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def judge_clock(ahead_s: float | None, *, whose: str) -> Check:
    """Say whether this machine's clock agrees with that of `whose`; None where that told no time."""
    if ahead_s is None:
        return skipped(CLOCK, f"{whose} told no time")
    if abs(ahead_s) < CLOCKS_DIFFER_S:
        return passed(CLOCK, f"agrees with {whose}")
    words = f"this machine is {abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} {whose}"
    if abs(ahead_s) < TOLERANCE_S:
        return warned(CLOCK, f"{words}; from {TOLERANCE_S:.0f} s on, every push is refused", REMEDY)
    return failed(CLOCK, f"{words}: a push that is so far off is refused", REMEDY)
