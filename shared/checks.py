"""What a look at one thing found: passed, warned, failed, or could not be looked at; and what mends it. Values only.

Not how anything is looked at, and not how it is printed (`shared.check_report`). The rule: whatever did not pass says
in words what to do, and no words hold a secret.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What a look ended with."""

    PASSED = "passed"
    WARNED = "warned"
    """It works, but somebody should know, or it will not work for ever."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """It could not be looked at, because of something that failed, or there is nothing to look at."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a report."""

    name: str
    """What was looked at: a few words, always the same."""
    outcome: Outcome
    words: str
    """What was found."""
    remedy: str = ""
    """What to do about it; never empty where it warned or failed."""


def passed(name: str, words: str) -> Check:
    """Say that it is as it should be."""
    return Check(name, Outcome.PASSED, words)


def warned(name: str, words: str, remedy: str) -> Check:
    """Say that somebody should know."""
    return Check(name, Outcome.WARNED, words, remedy)


def failed(name: str, words: str, remedy: str) -> Check:
    """Say that it does not work."""
    return Check(name, Outcome.FAILED, words, remedy)


def skipped(name: str, words: str) -> Check:
    """Say why it was not looked at."""
    return Check(name, Outcome.SKIPPED, words)


def count(checks: Sequence[Check], outcome: Outcome) -> int:
    """Count the lines with this outcome."""
    return sum(check.outcome is outcome for check in checks)


def all_well(checks: Sequence[Check]) -> bool:
    """Whether nothing failed; a warning is no failure."""
    return count(checks, Outcome.FAILED) == 0


def report_json(checks: Sequence[Check]) -> dict[str, Any]:
    """Return the report for programs."""
    return {"passed": all_well(checks), "checks": [asdict(check) for check in checks]}
