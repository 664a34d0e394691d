"""When which webhook is due: made beforehand, so that a slow relay cannot slow the senders down. Pure.

Senders that wait for an answer before they send the next request send less just when the relay is slow, and then most
of what a real sender would have suffered is never measured ("coordinated omission"). So each webhook has its time
before anything starts, and its latency counts from then, whether or not it could leave.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.traffic import Body, Traffic, bodies


@dataclass(frozen=True, slots=True)
class Flow:
    """Traffic at a rate."""

    traffic: Traffic
    bodies_per_s: float
    seed: int

    @property
    def seconds(self) -> float:
        """How long it takes on average."""
        return self.traffic.events / self.traffic.events_per_body / self.bodies_per_s


def due_times(flow: Flow) -> Iterator[tuple[float, Body]]:
    """Say in how many seconds after the start each body is due, in rising order.

    Customers write independently of each other, so the times between two are drawn from an exponential distribution.
    """
    draw = random.Random(flow.seed)  # noqa: S311  no secret: the same seed must give the same times
    at = 0.0
    for body in bodies(flow.traffic):
        at += draw.expovariate(flow.bodies_per_s)
        yield at, body
