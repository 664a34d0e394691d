"""The simulated Facebook in a thread with an event loop of its own, for commands: they block."""

import asyncio
import threading
from types import TracebackType
from typing import Self

from tests.simulators.graph import GraphSimulator
from tests.support import facebook
from tests.support.waiting import DEADLINE_S


class GraphThread:
    """Runs a simulator while it is entered; what it holds is read and set through `sim`."""

    def __init__(self) -> None:
        self.sim = GraphSimulator(
            app_id=facebook.APP_ID, app_secret=facebook.APP_SECRET, verify_token=facebook.VERIFY_TOKEN
        )
        self._up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="graph")

    def __enter__(self) -> Self:
        """Start it. Raises TimeoutError when it does not come up."""
        self._thread.start()
        if not self._up.wait(DEADLINE_S):
            raise TimeoutError("the simulator did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with self.sim:
                self._up.set()
                await self._stop.wait()
        finally:
            self._up.set()
