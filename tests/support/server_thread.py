"""A server in a thread with an event loop of its own, for commands: they block, and so cannot share the test's loop."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from tests.support.waiting import DEADLINE_S

Running = TypeVar("Running")
Result = TypeVar("Result")


class ServerThread(Generic[Running]):
    """Runs a server while it is entered."""

    def __init__(self, name: str, serving: Callable[[], AbstractAsyncContextManager[Running]]) -> None:
        self._serving = serving
        self._came_up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._running: Running | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name=name)

    @property
    def running(self) -> Running:
        """What the server is. Raises RuntimeError before it came up."""
        if self._running is None:
            raise RuntimeError(f"the {self._thread.name} does not run")
        return self._running

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do something in the server's loop, and wait for it."""
        assert self._loop is not None, "it was entered"
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE_S)

    def __enter__(self) -> Self:
        """Start it. Raises TimeoutError when it does not come up, or what it ended with instead."""
        self._thread.start()
        if not self._came_up.wait(DEADLINE_S):
            raise TimeoutError(f"the {self._thread.name} did not start")
        if self._error is not None:
            raise self._error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it. Raises what it ended with."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._error is not None and error is None:
            raise self._error

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with self._serving() as self._running:
                self._came_up.set()
                await self._stop.wait()
        except Exception as error:  # noqa: BLE001  raised in the test's own thread
            self._error = error
        finally:
            self._came_up.set()
