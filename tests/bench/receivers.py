"""Where events arrive, as the conductor sees it: told what to expect, asked what came.

Two kinds fit: the light sites (`light_site`), one cheap process for any number of them, and the real on-site client
(`real_site`) with somebody who watches its database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import psutil

from tests.bench.checker import Arrival


@dataclass(frozen=True, slots=True)
class Completion:
    """When the last event came."""

    at: float
    """By `time.monotonic`."""
    batches: int
    """In how many pieces; 0 where nobody counted."""


class Receiver(Protocol):
    """Sites."""

    @property
    def processes(self) -> Mapping[str, psutil.Process]:
        """By what each does, as in `usage.PROCESSES`."""

    def expect(self, events: int) -> None:
        """Forget what came, and wait for so many different events."""

    def completion(self, *, timeout_s: float) -> Completion | None:
        """Wait until they are all there; None when they are not within the time."""

    def arrivals(self) -> Sequence[Arrival]:
        """Return every event in the order of coming."""
