"""Waits for whichever of several things happens first."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def first_of(*things: Coroutine[Any, Any, Any]) -> None:
    """Return as soon as one of them is done; the others are cancelled and gone by then."""
    tasks = [asyncio.ensure_future(thing) for thing in things]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
