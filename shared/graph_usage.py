"""How much of Meta's rate limits is used, as the headers of its answers tell it. Pure and total.

Meta sends them only after some traffic; calling on while throttled prolongs it.
https://developers.facebook.com/docs/graph-api/overview/rate-limiting
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.lenient import as_list, as_number, as_object, decode_object

APP_HEADER = "X-App-Usage"
"""`{"call_count": 28, "total_time": 25, "total_cputime": 25}`, in percent."""
BUSINESS_HEADER = "X-Business-Use-Case-Usage"
"""`{"<id>": [{"type": "messenger", "call_count": 95, …, "estimated_time_to_regain_access": 19}]}`, in minutes."""

_COUNTS = ("call_count", "total_time", "total_cputime")


@dataclass(frozen=True, slots=True)
class Usage:
    """What the headers of one answer say."""

    app_percent: float = 0.0
    """Of the app's limit, the highest of its counts; from 100 on calls are refused."""
    regain_s: float = 0.0
    """Seconds until calls for this page work again; 0: they work."""


NO_USAGE = Usage()


def read_usage(headers: Mapping[str, str]) -> Usage:
    """Read the headers of an answer; what is missing or odd counts as nothing."""
    uses = [as_object(use) for each in _object(headers.get(BUSINESS_HEADER)).values() for use in as_list(each)]
    regain_min = _highest(use.get("estimated_time_to_regain_access") for use in uses)
    app = _object(headers.get(APP_HEADER))
    return Usage(_highest(app.get(name) for name in _COUNTS), regain_min * 60)


def _object(header: str | None) -> dict[str, Any]:
    try:
        return decode_object((header or "{}").encode(errors="replace"))
    except ValueError:
        return {}


def _highest(values: Iterable[Any]) -> float:
    return max((as_number(value) or 0.0 for value in values), default=0.0)
