"""The sweep as a task: sweeps or stands by, at its pace, until it is asked to stop. What it does is in `engine.sweep`.

It is asked and not cancelled: a claim that is cut off in the middle would leave a lease that nobody uses.
"""

import asyncio
from typing import Protocol

from relay.core.errors import StoreUnavailable
from relay.engine.sweep import SWEEP_EVERY_S, Sweep
from shared.logs import get_logger

log = get_logger(__name__)

STANDBY_EVERY_S = 4.0
"""How often a process that does not sweep looks whether nobody else does either."""
CHANGES_EVERY_SWEEPS = 5
"""How often changes of bindings are looked at, in sweeps; they are stale after some seconds (`core.change`)."""


class Changes(Protocol):
    """Changes of bindings, some of which nobody finishes."""

    async def finish_interrupted(self) -> int:
        """Run to its end every change whose process died. Raises StoreUnavailable."""


class Sweeper:
    """Runs the sweep of one process."""

    def __init__(self, sweep: Sweep, changes: Changes) -> None:
        self._sweep = sweep
        self._changes = changes
        self._sweeps = 0
        self._leads = False

    def leads(self) -> bool:
        """Whether this process is the one that sweeps, as of its last look."""
        return self._leads

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until `stop` is set; outlives every trouble."""
        while not stop.is_set():
            try:
                async with asyncio.timeout(await self.once()):
                    await stop.wait()
            except TimeoutError:
                continue

    async def once(self) -> float:
        """Sweep once, or see that somebody else does; returns the seconds until the next time."""
        try:
            return await self._once()
        except StoreUnavailable as error:
            self._leads = False
            log.warning("sweep_waits_for_redis", reason=str(error))
        except Exception:
            log.exception("sweep_failed")
        return SWEEP_EVERY_S

    async def _once(self) -> float:
        swept = await self._sweep.once()
        if swept.started:
            log.info("sweep_started_drains", count=swept.started)
        self._leads = swept.mine
        if not swept.mine:
            return STANDBY_EVERY_S
        if self._sweeps % CHANGES_EVERY_SWEEPS == 0:
            await self._changes.finish_interrupted()
        self._sweeps += 1
        return SWEEP_EVERY_S
