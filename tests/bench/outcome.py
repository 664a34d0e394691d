"""What a benchmark finds, as values: sheets for people, figures for programs, and how they stand to the goals.

A goal is reported, never asserted: a slow machine is no fault of the code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple


class Sheet(NamedTuple):
    """A table: its first column names the row."""

    title: str
    headings: Sequence[str]
    """Of the columns after the first."""
    rows: Sequence[Sequence[str]]


class Sense(Enum):
    """On which side of its bound a figure is good."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


class Bound(NamedTuple):
    """A figure, and what it is held against."""

    measured: float
    sense: Sense
    limit: float
    form: str
    """How both are written, such as `{:.1f} ms`."""

    @property
    def met(self) -> bool:
        """Whether the figure is good."""
        return self.measured >= self.limit if self.sense is Sense.AT_LEAST else self.measured <= self.limit


@dataclass(frozen=True, slots=True)
class Goal:
    """Something that the product should reach."""

    words: str
    bounds: Sequence[Bound]
    """Any one of them is enough."""

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return any(bound.met for bound in self.bounds)

    @property
    def measured(self) -> str:
        """What was measured, in words."""
        return ", ".join(bound.form.format(bound.measured) for bound in self.bounds)

    @property
    def wanted(self) -> str:
        """What should be reached, in words."""
        return " or ".join(f"{bound.sense.value} {bound.form.format(bound.limit)}" for bound in self.bounds)


def at_least(words: str, measured: float, limit: float, form: str) -> Goal:
    """Write a goal of one lower bound."""
    return Goal(words, [Bound(measured, Sense.AT_LEAST, limit, form)])


def at_most(words: str, measured: float, limit: float, form: str) -> Goal:
    """Write a goal of one upper bound."""
    return Goal(words, [Bound(measured, Sense.AT_MOST, limit, form)])


@dataclass(frozen=True)
class Outcome:
    """All that one benchmark found."""

    sheets: Sequence[Sheet]
    goals: Sequence[Goal]
    figures: Mapping[str, Any]
    """Everything that was measured, for JSON."""
    noisy: Sequence[str] = ()
    """Rows during which other programs took much of the machine."""
    not_measured: Mapping[str, str] = field(default_factory=dict)
    """What could not be measured at all here, and why."""
