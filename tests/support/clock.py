"""A clock that stands still until it is moved."""

NOON = 1_800_000_000.0
"""2027-01-15T08:00:00Z: any moment will do."""


class ManualClock:
    """Fits `shared.clock.Clock`."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the seconds since 1970-01-01 UTC."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move time forward."""
        self.now += seconds


class Pauses:
    """A `sleep` that waits for nothing and remembers what it was asked for."""

    def __init__(self, clock: ManualClock | None = None) -> None:
        self.taken: list[float] = []
        self._clock = clock

    async def __call__(self, seconds: float) -> None:
        """Take the pause at once."""
        self.taken.append(seconds)
        if self._clock is not None:
            self._clock.advance(seconds)
