"""A lane: the drains that run in this process, at most one for each outbox, each a task of the event loop.

A site that hangs holds one task and nothing else. The live lane (in a web process) starts a drain when an append came
back with the lease; the retry lane (in a worker) claims the lease of a parked site when its probe is due. A long drain
holds up nobody here, as the drains run side by side, a batch of each in turn; but it would keep one process busy while
others have nothing to do. So the retry lane's drains end after a while (`TURN_S`) and hand their site on, to the end of
the queue, from which the next worker takes it.
"""

import asyncio
from collections.abc import Awaitable, Callable

from relay.core.errors import StoreUnavailable
from relay.engine import metrics
from relay.engine.drain import Drain, DrainEnd
from relay.engine.ports import OutboxDrain
from relay.engine.sending import DrainStop
from shared.logs import get_logger

log = get_logger(__name__)


TURN_S = 10.0
"""How long a drain of the retry lane lasts at most: long beside the few milliseconds that handing it on takes."""
FINISH_BATCHES_S = 5.0
"""How long a lane that closes waits for batches in flight. Most sites answer within a second; those that do not get the
batch again, from whoever goes on."""


async def _to_nobody(_outbox: str) -> None:
    """Leave it to the sweep."""


class Lane:
    """Runs drains until `close`."""

    def __init__(
        self,
        drain: Drain,
        outbox: OutboxDrain,
        *,
        new_token: Callable[[], str],
        hand_on: Callable[[str], Awaitable[None]] = _to_nobody,
    ) -> None:
        """`hand_on(outbox)` is called when a drain's time was up, its lease given back, and more may wait."""
        self._drain = drain
        self._hand_on = hand_on
        self._outbox = outbox
        self._new_token = new_token
        self._stop = DrainStop()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._claims: set[asyncio.Task[bool]] = set()

    def start(self, outbox: str, token: str) -> None:
        """Drain an outbox whose lease we hold under `token`."""
        previous = self._running.get(outbox)
        task = asyncio.create_task(self._run(outbox, token, previous), name=f"drain {outbox}")
        self._running[outbox] = task
        metrics.DRAINS.set(len(self._running))
        task.add_done_callback(lambda done: self._forget(outbox, done))

    async def claim(self, outbox: str, *, if_due: bool = False) -> bool:
        """Drain an outbox if nobody else does. Returns whether we do now. Raises StoreUnavailable.

        With `if_due`, a parked site whose next attempt lies ahead is left alone.
        """
        if self._stop.requested:
            return False
        # A task of its own: a lease that is on its way must find somebody, whatever becomes of who asked for it.
        claiming = asyncio.create_task(self._claim(outbox, if_due=if_due), name=f"claim {outbox}")
        self._claims.add(claiming)
        claiming.add_done_callback(self._claims.discard)
        return await asyncio.shield(claiming)

    async def close(self) -> None:
        """Finish the batches in flight, but wait for none longer than FINISH_BATCHES_S; give the leases back."""
        self._stop.requested = True
        await asyncio.gather(*self._claims, return_exceptions=True)  # the leases they get are given back below
        if self._running:
            await asyncio.wait(self._running.values(), timeout=FINISH_BATCHES_S)
        self._stop.give_up()
        await asyncio.gather(*self._running.values())

    async def _claim(self, outbox: str, *, if_due: bool) -> bool:
        token = self._new_token()
        claimed = await self._outbox.claim(outbox, token=token, if_due=if_due)
        if claimed:
            self.start(outbox, token)
        return claimed

    async def _run(self, outbox: str, token: str, previous: asyncio.Task[None] | None) -> None:
        if previous is not None:
            await previous  # it has given its lease back already and is only finishing
        try:
            end = await self._drain.run(outbox, token=token, stop=self._stop)
            if end is DrainEnd.TURN_OVER:
                await self._hand_on(outbox)
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
