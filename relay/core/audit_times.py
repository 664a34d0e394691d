"""When a page is audited: in its own minute of each hour, told by its id. Pure; times are milliseconds since 1970.

So the pages spread over the hour by themselves, whoever audits and whenever it began. What is overdue, as nobody
audited for a while, is taken a share at a time: all of it within CATCH_UP_S.
"""

import math
from hashlib import blake2b

PERIOD_MS = 3_600_000
AT_LEAST_MS = PERIOD_MS // 6
"""Between two audits of a page; one that was late is not followed by the next one at once."""
LATEST_MS = PERIOD_MS + AT_LEAST_MS
CATCH_UP_S = 600.0


def next_audit_ms(page_id: str, *, after_ms: int) -> int:
    """Return the page's next own moment, at least AT_LEAST_MS and at most LATEST_MS after `after_ms`."""
    earliest = after_ms + AT_LEAST_MS
    return earliest + (_phase_ms(page_id) - earliest) % PERIOD_MS


def share(pages: int, *, tick_s: float) -> int:
    """Say how many pages at most are audited in one look of many, so that all have had theirs in CATCH_UP_S.

    At least one: a page that is connected just now may be asked for before it is counted.
    """
    return max(1, math.ceil(pages * tick_s / CATCH_UP_S))


def _phase_ms(page_id: str) -> int:
    """Return the page's place in the hour; the same in every process and release."""
    return int.from_bytes(blake2b(page_id.encode(), digest_size=8).digest()) % PERIOD_MS
