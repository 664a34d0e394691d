"""A clock that stands still until it is moved: for tests of windows, retention and time-outs. Not for real runs.

`ManualClock` serves as `clock` and its `sleep` as `sleep` of either simulator.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

Sleep = Callable[[float], Coroutine[Any, Any, None]]
"""Waits for a number of seconds, as `asyncio.sleep` does."""

START_AT = 1_795_000_000.0
"""2026-11-18, a day on which the Graph API versions of the documentation are alive."""


@dataclass(eq=False)
class _Sleeper:
    due_at: float
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class ManualClock:
    """Tells `now` when called; `advance` moves it and wakes those whose time has come."""

    def __init__(self, now: float = START_AT) -> None:
        self._now = now
        self._sleepers: list[_Sleeper] = []
        self._someone_sleeps = asyncio.Event()

    def __call__(self) -> float:
        """Return the seconds since 1970-01-01 UTC."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move time forward."""
        self._now += seconds
        for sleeper in self._sleepers:
            if sleeper.due_at <= self._now:
                sleeper.woken.set()

    def sleep(self, seconds: float) -> Coroutine[Any, Any, None]:
        """Wait until the clock was moved by so many seconds, counted from this call, not from its first await."""
        sleeper = _Sleeper(self._now + seconds)
        self._sleepers.append(sleeper)
        self._someone_sleeps.set()
        return self._sleep(sleeper)

    async def _sleep(self, sleeper: _Sleeper) -> None:
        try:
            await sleeper.woken.wait()
        finally:
            self._sleepers.remove(sleeper)
            if not self._sleepers:
                self._someone_sleeps.clear()

    async def wait_for_sleeper(self, timeout_s: float = 5.0) -> None:
        """Wait until someone sleeps on this clock. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            await self._someone_sleeps.wait()
