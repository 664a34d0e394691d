"""What becomes of a backfill when Facebook does not tell. Decisions only: no clock, no network.

| trouble | then |
|---|---|
| throttled | again in 60, 120 … 900 s, or when Facebook says that calls work again: calling on prolongs it |
| temporary, unreachable, unreadable | again in 5, 10, 20 … 300 s |
| a dead token | the channel says so; the gap stops until there is another |
| anything else: a permission, a restriction | the gap stops until there is another token, or somebody asks again |
"""

from dataclasses import dataclass

from onsite.core.errors import FacebookError
from shared.graph import GraphTrouble

THROTTLE_PAUSE_S, LONGEST_THROTTLE_S = 60.0, 900.0
LONGEST_REGAIN_S = 86_400.0
"""However long Facebook asks to be left alone: its limits count a day at most
(https://developers.facebook.com/docs/graph-api/overview/rate-limiting)."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 300.0

OF_ONE_THREAD = frozenset({GraphTrouble.GONE, GraphTrouble.BAD_PARAMETER})
"""What Facebook says of a thread that it does not show, while the others can be read."""

GOES_ON = "The backfill goes on with another token, or when it is asked for again."

_PASSES = frozenset({None, GraphTrouble.TEMPORARY, GraphTrouble.UNKNOWN_OUTCOME})


@dataclass(frozen=True, slots=True)
class AfterTrouble:
    """What to write down, and how long to wait."""

    sentence: str
    pause_s: float | None
    """Seconds until the next try; None: stop."""
    token_dead: bool = False


def after_trouble(error: FacebookError, *, failures: int, jitter: float) -> AfterTrouble:
    """Decide. `failures` counts failed tries in a row, this one included; `jitter` is random, from 0 to 1."""
    if error.trouble is GraphTrouble.THROTTLED:
        pause_s = _ladder(THROTTLE_PAUSE_S, LONGEST_THROTTLE_S, failures) * (1 + jitter / 4)
        told_s = min(error.regain_s, LONGEST_REGAIN_S)
        return AfterTrouble(f"{error} The backfill goes on by itself.", max(pause_s, told_s))
    if error.trouble in _PASSES:
        pause_s = _ladder(FIRST_PAUSE_S, LONGEST_PAUSE_S, failures) * (0.5 + jitter / 2)
        return AfterTrouble(f"{error} Tried again by itself.", pause_s)
    return AfterTrouble(f"{error} {GOES_ON}", None, token_dead=error.trouble is GraphTrouble.TOKEN_DEAD)


def _ladder(first_s: float, longest_s: float, failures: int) -> float:
    return min(first_s * float(2 ** min(failures - 1, 10)), longest_s)
