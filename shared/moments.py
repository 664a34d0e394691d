"""A moment as a person writes it on a command line: a time, or how long ago. Values only."""

import re
from datetime import UTC, datetime

from shared.clock import LAST_MS
from shared.errors import UserError

_AGO = re.compile(r"([0-9]{1,6})([smhd])")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

TIME_RULE = "a time like 2026-11-22T10:20, or how long ago: 90s, 15m, 2h, 3d"


def read_moment(text: str, now: float) -> int:
    """Return milliseconds since 1970, at most LAST_MS. `now` is in seconds since then. Raises UserError in words."""
    ago = _AGO.fullmatch(text)
    if ago:
        return max(0, round((now - int(ago[1]) * _UNIT_S[ago[2]]) * 1000))
    try:
        moment = datetime.fromisoformat(text)
        ms = round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise UserError(f"{text!r} is no time: expected {TIME_RULE}; without a zone it is UTC") from None
    return min(max(0, ms), LAST_MS)
