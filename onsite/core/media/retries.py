"""When a failed fetch is tried again. Decisions only: no clock, no network.

| try | next one after | since the first |
|---|---|---|
| 1 | 5 s | 5 s |
| 2 | 30 s | 35 s |
| 3 | 2 min | 3 min |
| 4 | 10 min | 13 min |
| 5 | 1 h | 1 h 13 min |
| 6 | 3 h | 4 h 13 min |
| 7 | 6 h | 10 h 13 min |
| 8 | 12 h | 22 h 13 min |
| 9 | never by itself | |

Facebook's addresses live for days; Telegram gives a new one each time. The pause begins with the try, so that one that
was cut off with the whole process comes again by the same table.
"""

from dataclasses import dataclass

from onsite.core.media.troubles import LASTING, MediaTrouble

PAUSES_S = (5.0, 30.0, 120.0, 600.0, 3600.0, 10_800.0, 21_600.0, 43_200.0)
LONGEST_PAUSE_S = 86_400.0
"""However long a platform asks to wait."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What one try came to."""

    trouble: MediaTrouble
    sentence: str
    retry_after_s: float = 0.0
    """What the platform asked for."""


def pause_after(tries: int) -> float | None:
    """Return the seconds until the next try, counted from the last one's start; None when there is none.

    `tries` counts those that were made, the last one included; from 1 on.
    """
    return PAUSES_S[tries - 1] if tries <= len(PAUSES_S) else None


def pause_after_failure(failure: Failure, *, tries: int) -> float | None:
    """Return the seconds until the next try; None: it failed for good."""
    pause_s = pause_after(tries)
    if failure.trouble in LASTING or pause_s is None:
        return None
    return min(max(pause_s, failure.retry_after_s), LONGEST_PAUSE_S)
