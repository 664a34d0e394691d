"""Waiting for another process: looks until what is hoped for is there, or says what was there instead."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Seen = TypeVar("Seen")

LOOK_EVERY_S = 0.1


async def eventually(
    look: Callable[[], Awaitable[Seen]], hoped: Callable[[Seen], bool], *, within_s: float = 30.0
) -> Seen:
    """Return the first thing seen that is as hoped. Raises AssertionError with the last thing seen."""
    deadline = time.monotonic() + within_s
    while True:
        seen = await look()
        if hoped(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not as hoped within {within_s} s; last seen: {seen!r}")
        await asyncio.sleep(LOOK_EVERY_S)
