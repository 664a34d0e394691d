"""A lane: the drains that run in this process, at most one for each outbox, each a task of the event loop.

A site that hangs holds one task and nothing else. The live lane (in a web process) starts a drain when an append came
back with the lease; the retry lane (in a worker) claims the lease of a parked site when its probe is due.
"""

import asyncio
from collections.abc import Callable

from relay.core.errors import StoreUnavailable
from relay.engine import metrics
from relay.engine.drain import Drain, DrainStop
from relay.engine.ports import OutboxDrain
from shared.logs import get_logger

log = get_logger(__name__)


class Lane:
    """Runs drains until `close`."""

    def __init__(self, drain: Drain, outbox: OutboxDrain, *, new_token: Callable[[], str]) -> None:
        self._drain = drain
        self._outbox = outbox
        self._new_token = new_token
        self._stop = DrainStop()
        self._running: dict[str, asyncio.Task[None]] = {}

    def start(self, outbox: str, token: str) -> None:
        """Drain an outbox whose lease we hold under `token`."""
        previous = self._running.get(outbox)
        task = asyncio.create_task(self._run(outbox, token, previous), name=f"drain {outbox}")
        self._running[outbox] = task
        metrics.DRAINS.set(len(self._running))
        task.add_done_callback(lambda done: self._forget(outbox, done))

    async def claim(self, outbox: str, *, due_by_ms: int | None = None) -> bool:
        """Drain an outbox if nobody else does. Returns whether we do now. Raises StoreUnavailable.

        With `due_by_ms`, a parked site whose next attempt is later than that is left alone.
        """
        if self._stop.requested:
            return False
        token = self._new_token()
        claimed = await self._outbox.claim(outbox, token=token, due_by_ms=due_by_ms)
        if claimed:
            self.start(outbox, token)
        return claimed

    async def close(self) -> None:
        """Finish the batches in flight, give the leases back, and return."""
        self._stop.requested = True
        await asyncio.gather(*self._running.values())

    async def _run(self, outbox: str, token: str, previous: asyncio.Task[None] | None) -> None:
        if previous is not None:
            await previous  # it has given its lease back already and is only finishing
        try:
            end = await self._drain.run(outbox, token=token, stop=self._stop)
        except StoreUnavailable as error:
            log.warning("drain_interrupted", outbox=outbox, reason=str(error))
        except Exception:
            log.exception("drain_failed", outbox=outbox)
        else:
            log.debug("drain_ended", outbox=outbox, end=end.value)

    def _forget(self, outbox: str, task: asyncio.Task[None]) -> None:
        if self._running.get(outbox) is task:
            del self._running[outbox]
            metrics.DRAINS.set(len(self._running))
