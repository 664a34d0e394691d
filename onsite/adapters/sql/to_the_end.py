"""Database work runs to its end, although whoever asked for it is cancelled meanwhile.

A statement that is under way in SQLite's thread cannot be called back: cancelled in the middle, its connection would
keep the write lock for a while, and the next writer would find the database locked. So the work has a task of its own,
and a caller who is cancelled waits for its commit or its undoing before the cancellation goes on.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def to_the_end(
    work: Callable[_Arguments, Coroutine[Any, Any, _Result]],
) -> Callable[_Arguments, Coroutine[Any, Any, _Result]]:
    """Protect a store's method from the cancellation of its caller."""

    @wraps(work)
    async def run(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        task = asyncio.create_task(work(*args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # nobody is left to be told, and asyncio would complain that nobody was
            raise

    return run
