"""What a benchmark is, and how much of it is asked for. Values only."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.outcome import Outcome

QUICK_SHARE = 10
"""By what everything countable is divided in the short form."""


@dataclass(frozen=True)
class Plan:
    """How a benchmark is to run."""

    rounds: int
    quick: bool
    folder: Path
    """For everything that is written meanwhile; on a real disk, which /tmp may not be."""
    keep: Path
    """For what the next run finds again."""
    tell: Callable[[str], None]
    """Takes a sentence about what is going on."""

    def some(self, count: int) -> int:
        """Return how many of `count` are enough."""
        return max(1, count // QUICK_SHARE) if self.quick else count


@dataclass(frozen=True)
class Bench:
    """One benchmark."""

    name: str
    question: str
    rounds: int
    """How often each row is measured unless told otherwise: more often where a disturbed minute weighs more."""
    run: Callable[[Plan], Outcome]
    """Raises BenchFailed when something was lost, doubled, overtaken or broken: then it measured nothing."""
