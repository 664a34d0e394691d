"""Long-running work inside one event loop: named, restarted when it fails, stopped in a known order. Not a job queue.

A crash of one task is logged with its name, makes that task's health red, and leaves the others running.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shared.clock import Clock
from shared.logs import get_logger

log = get_logger(__name__)

RESTART_AFTER_S = (0.5, 1.0, 2.0, 5.0, 15.0)
"""Pause before a crashed task starts again, by crashes in a row; the last one repeats. A task that ran for longer than
the last pause begins a new row."""


@dataclass
class Health:
    """What is known of one task."""

    running: bool = False
    crashes: int = 0
    last_error: str = ""


class Supervisor:
    """Runs named tasks until `close`."""

    def __init__(self, *, pauses_s: tuple[float, ...] = RESTART_AFTER_S, clock: Clock = time.monotonic) -> None:
        """`clock` may start anywhere: only what passes on it counts."""
        self._pauses_s = pauses_s
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.health: dict[str, Health] = {}

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Keep `work` running under `name`; when it returns, the task is done. A name runs once at a time."""
        if name in self._tasks and not self._tasks[name].done():
            raise ValueError(f"{name} is running already")
        self.health[name] = Health()
        self._tasks[name] = asyncio.create_task(self._keep_running(name, work), name=name)

    def is_running(self, name: str) -> bool:
        """Whether the task exists and has not ended."""
        return name in self._tasks and not self._tasks[name].done()

    async def stop(self, name: str) -> None:
        """Cancel one task and wait for its end."""
        task = self._tasks.pop(name, None)
        if task is not None:
            await _end(task)
            self.health.pop(name, None)

    async def close(self) -> None:
        """Cancel all tasks, the youngest first, and wait for each."""
        for name in reversed(list(self._tasks)):
            await self.stop(name)

    async def _keep_running(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        health, in_a_row = self.health[name], 0
        while True:
            health.running, started = True, self._clock()
            try:
                await work()
            except Exception as error:
                health.running = False
                in_a_row = 0 if self._clock() - started > self._pauses_s[-1] else in_a_row
                pause_s = self._pauses_s[min(in_a_row, len(self._pauses_s) - 1)]
                in_a_row += 1
                health.crashes += 1
                health.last_error = f"{type(error).__name__}: {error}"
                log.exception("task_crashed", task=name, crashes=health.crashes, restart_in_s=pause_s)
                await asyncio.sleep(pause_s)
            else:
                health.running = False
                return


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
