"""Stretches of time in which messages may be missing, and how those that overlap become one. Values only.

The rule: nothing that one of them covered is left out, and what is told twice changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `since_ms` to `until_ms`, both included; milliseconds since 1970, UTC."""

    since_ms: int
    until_ms: int

    def meets(self, other: "Span") -> bool:
        """Whether the two have a moment in common."""
        return self.since_ms <= other.until_ms and other.since_ms <= self.until_ms

    def covers(self, other: "Span") -> bool:
        """Whether the other lies within this one."""
        return self.since_ms <= other.since_ms and other.until_ms <= self.until_ms

    def has_second(self, at_ms: int) -> bool:
        """Whether a moment lies within that is told in whole seconds, and so may be up to one second later."""
        return self.since_ms < at_ms + 1000 and at_ms <= self.until_ms


def joined(new: Span, known: Iterable[Span]) -> Span:
    """Return the shortest stretch that covers `new` and whatever of `known` it meets, by itself or through others."""
    span = new
    # In this order one pass for each direction is enough: a stretch grows to the right, then to the left.
    ordered = sorted(known)
    for each in [*ordered, *reversed(ordered)]:
        if span.meets(each):
            span = Span(min(span.since_ms, each.since_ms), max(span.until_ms, each.until_ms))
    return span
