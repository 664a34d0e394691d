"""Spaces calls evenly: so many a second for each name, whoever makes them. Not a queue: each waits for its own turn."""

from collections.abc import Awaitable, Callable

from shared.clock import Clock

MARGIN = 1.1
"""Calls are this much rarer than allowed, as the network may bring two of them closer together."""


class Pace:
    """Tells each call when its turn is."""

    def __init__(self, calls_per_s: float, *, monotonic: Clock, sleep: Callable[[float], Awaitable[None]]) -> None:
        """`monotonic` may start anywhere: only what passes on it counts."""
        self._spacing_s = MARGIN / calls_per_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._free_at: dict[str, float] = {}

    async def turn(self, name: str) -> None:
        """Wait until the next call under this name may be made."""
        now = self._monotonic()
        mine = max(now, self._free_at.get(name, now))
        self._free_at[name] = mine + self._spacing_s
        if mine > now:
            await self._sleep(mine - now)
