"""A relay in a thread with an event loop of its own, for commands: they block, and so cannot share the test's loop."""

import asyncio
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.relay import RunningRelay, running_relay
from tests.support.waiting import DEADLINE_S


class RelayThread:
    """Runs a relay while it is entered."""

    def __init__(self, redis_url: str, data_dir: Path, **changes: Any) -> None:
        """Take settings that differ from `tests.support.relay`'s in `changes`."""
        self.url = ""
        self._redis_url = redis_url
        self._data_dir = data_dir
        self._changes = changes
        self._up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._relay: RunningRelay | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="relay")

    def __enter__(self) -> Self:
        """Start it. Raises TimeoutError when it does not come up."""
        self._thread.start()
        if not self._up.wait(DEADLINE_S):
            raise TimeoutError("the relay did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def webhook(self, body: bytes) -> int:
        """Send what Meta would send; returns the status of the answer."""
        if self._relay is None or self._loop is None:
            raise RuntimeError("the relay does not run")
        return asyncio.run_coroutine_threadsafe(self._relay.webhook(body), self._loop).result(DEADLINE_S)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with running_relay(self._redis_url, self._data_dir, **self._changes) as relay:
                self.url, self._relay = relay.url, relay
                self._up.set()
                await self._stop.wait()
        finally:
            self._up.set()
