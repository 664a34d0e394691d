"""So many calls a second for each page: a bucket of one second's worth that refills as time goes on. Pure.

A bucket rather than a window: a client that spaces its calls evenly is not refused because the network delayed one.
"""


class Pace:
    """Counts by name."""

    def __init__(self, per_s: float | None) -> None:
        self.per_s = per_s
        """Calls a second; None: as many as anyone likes."""
        self._left: dict[str, tuple[float, float]] = {}
        """What is left in the bucket, and when that was true."""

    def admits(self, name: str, now: float) -> bool:
        """Take one call out of the bucket; False when none is left."""
        if self.per_s is None:
            return True
        left, at = self._left.get(name, (self.per_s, now))
        left = min(self.per_s, left + (now - at) * self.per_s)
        # What a sum of fractions lacks to a whole call must not refuse one that came in time.
        admitted = left >= 1 - 1e-6
        self._left[name] = (left - 1 if admitted else left, now)
        return admitted
