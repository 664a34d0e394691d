"""Tells whoever waits that the state of a reply may have changed. Carries no data: the waiter looks for itself."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

_Seen = TypeVar("_Seen")


class Bell:
    """Rung after each commit that touched a reply; silent for good once closed."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._closed = False

    def ring(self) -> None:
        """Wake everybody who waits now."""
        self._rung.set()
        self._rung = asyncio.Event()

    def close(self) -> None:
        """Wake everybody, and let nobody wait again: the site stops."""
        self._closed = True
        self.ring()

    async def wait_for(
        self, look: Callable[[], Awaitable[_Seen]], *, until: Callable[[_Seen], bool], timeout_s: float
    ) -> _Seen:
        """Look again at each ring, until `until` holds or `timeout_s` is over; return what was seen last."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while True:
            rung = self._rung  # taken before the look, so that no ring between look and wait is missed
            seen = await look()
            left_s = deadline - loop.time()
            if until(seen) or self._closed or left_s <= 0:
                return seen
            try:
                await asyncio.wait_for(rung.wait(), left_s)
            except TimeoutError:
                return await look()
