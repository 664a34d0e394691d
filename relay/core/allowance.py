"""How often somebody may ask. Counts only; who asks, and what a refusal looks like, is the caller's.

A few calls may come at once, then one each `every_s`. One number is kept for each name: the moment at which the calls
so far would all have come, had they kept their distance (the generic cell rate algorithm,
https://www.itu.int/rec/T-REC-I.371).
"""

from shared.clock import Clock


class Allowances:
    """One allowance for each name. To be used for names that exist: each costs some hundred bytes for good."""

    def __init__(self, *, burst: int, every_s: float, clock: Clock) -> None:
        """`burst`, at least 1, calls may come at once; `clock` may start anywhere, as only what passes on it counts."""
        self._ahead_s = (burst - 1) * every_s
        self._every_s = every_s
        self._clock = clock
        self._used_until: dict[str, float] = {}

    def take(self, name: str) -> float:
        """Take one call; returns 0.0, or the seconds until there is one again, and then nothing was taken."""
        now = self._clock()
        used_until = max(self._used_until.get(name, now), now)
        wait_s = used_until - now - self._ahead_s
        if wait_s > 0:
            return wait_s
        self._used_until[name] = used_until + self._every_s
        return 0.0
