"""When a parked site is tried again. A pure decision: `random` is handed in as a number.

    failures in a row   wait      after the first failure, all in all
    1                   1 s       1 s
    2                   5 s       6 s
    3                   30 s      36 s
    4                   2 min     2 min 36 s
    5                   5 min     7 min 36 s
    6 and more          10 min    … for as long as it takes

It starts short, as most outages are a restart; it ends at ten minutes, as a person who mends a site should not have to
wait longer for its messages. ±20 % keep the sites of one failed network from coming back in one step. There is no last
attempt: an outage belongs to the site, not to each event, and costs one request per wait.
"""

LADDER_S = (1.0, 5.0, 30.0, 120.0, 300.0, 600.0)
JITTER = 0.2
MAX_RETRY_AFTER_S = 3600.0
"""How long a site may ask us to wait with `Retry-After`."""


def delay_s(failures: int, *, random: float, retry_after_s: float | None = None) -> float:
    """Return the seconds to wait after `failures` (at least 1) failures in a row.

    `random` is uniform in [0, 1). `retry_after_s`, what the site itself asked for, is honoured up to an hour and never
    shortens the wait to less than the first step.
    """
    if retry_after_s is not None:
        return max(LADDER_S[0], min(retry_after_s, MAX_RETRY_AFTER_S))
    step = LADDER_S[min(max(failures, 1), len(LADDER_S)) - 1]
    return step * (1 - JITTER + 2 * JITTER * random)
