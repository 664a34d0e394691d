"""What the figures are held against. Reported, never asserted: a slow machine is no fault of the code."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio that a row should reach."""

    row: str
    rival: str
    at_least: float
    words: str


GOALS = (
    Goal("relay_always", "rq_always", 30, "times RQ with a job for each event"),
    Goal("relay_always", "bare", 1 / 3, "of the handler that does nothing"),
)
