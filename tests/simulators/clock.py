"""Clocks that a test moves: for windows, retention, time-outs, and Meta's hour. Not for real runs.

`ManualClock` stands still until it is moved; it serves as `clock` and its `sleep` as `sleep` of either simulator.
`RunningClock` runs on, for a simulator beside products that live in the time of day.
"""

import asyncio
import time
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


class RunningClock:
    """Runs with another clock, so many times as fast, and can be moved ahead besides."""

    def __init__(self, base: Callable[[], float] = time.time, *, speed: float = 1.0) -> None:
        self._base = base
        self._speed = speed
        self._started_at = base()
        self._ahead_s = 0.0

    def __call__(self) -> float:
        """Return the seconds since 1970-01-01 UTC, as this clock has them."""
        return self._started_at + (self._base() - self._started_at) * self._speed + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Move time forward at once."""
        self._ahead_s += seconds
