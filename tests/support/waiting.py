"""Waiting with a deadline: on an event where there is one, by looking again only where it is another process."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

DEADLINE_S = 10.0
"""Far above what anything here takes; reached only when a test fails."""
LOOK_EVERY_S = 0.01

Result = TypeVar("Result")


async def soon(awaitable: Awaitable[Result]) -> Result:
    """Return what is awaited. Raises TimeoutError when it does not come."""
    return await asyncio.wait_for(awaitable, DEADLINE_S)


async def turn_over(times: int = 20) -> None:
    """Let everything run that can run without waiting for the outside."""
    for _ in range(times):
        await asyncio.sleep(0)


async def process_does(look: Callable[[], Awaitable[bool]], *, within_s: float = DEADLINE_S) -> None:
    """Look at another process until it did something. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not await look():  # noqa: ASYNC110  another process sets no event of ours
            await asyncio.sleep(LOOK_EVERY_S)


def process_did(look: Callable[[], bool], *, within_s: float = DEADLINE_S) -> None:
    """Look at another process until it did something, without an event loop. Raises TimeoutError."""
    deadline = time.monotonic() + within_s
    while not look():
        if time.monotonic() > deadline:
            raise TimeoutError("the other process did not do it")
        time.sleep(LOOK_EVERY_S)
