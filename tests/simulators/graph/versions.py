"""Which versions of the Graph API are alive on a day. Pure.

Last days are those of https://developers.facebook.com/docs/graph-api/changelog/versions as known on 2026-11-22.
"""

import re
from datetime import UTC, date, datetime

from tests.simulators.graph import errors

NEWEST = "v26.0"
LAST_DAYS: dict[str, date | None] = {
    "v19.0": date(2026, 5, 21),
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    NEWEST: None,
}
"""From the oldest to the newest; None: no end is set."""

_VERSION = re.compile(r"v(\d+)\.(\d+)")


def looks_like_version(segment: str) -> bool:
    """Whether a segment of a path names a version rather than an object."""
    return _VERSION.fullmatch(segment) is not None


def oldest_live(now: float) -> str:
    """Return the version that a call without one gets."""
    return next(version for version in LAST_DAYS if _is_live(version, now))


def check_version(version: str, now: float) -> None:
    """Let a live version pass.

    Raises GraphError for one that has ended or does not exist yet.
    """
    if version in LAST_DAYS and _is_live(version, now):
        return
    if version not in LAST_DAYS and _number(version) > _number(NEWEST):
        raise errors.unknown_path(f"/{version}")
    raise errors.version_gone(version, oldest_live(now))


def _is_live(version: str, now: float) -> bool:
    last_day = LAST_DAYS[version]
    return last_day is None or datetime.fromtimestamp(now, tz=UTC).date() <= last_day


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split("."))
