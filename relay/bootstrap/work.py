"""The worker process: RQ in the main thread, the retry lane's drains and the sweep in an event loop beside it.

The drains live in a loop rather than in RQ's jobs, so that two hundred sites that hang hold two hundred tasks and no
worker. A job only tells the loop whom to probe.
"""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relay.adapters import redis_clients
from relay.adapters.exposition import expose
from relay.adapters.redis_health import RedisHealth
from relay.adapters.rq_worker import run_probe_worker
from relay.adapters.stop_event import StopEvent
from relay.bootstrap.parts import Store, examine_redis, open_lane, open_store, sweeping
from relay.core.errors import StoreUnavailable
from relay.core.settings import RelaySettings
from relay.engine.lane import TURN_S, Lane
from relay.engine.sweep import Rank
from relay.web.app import build_app
from relay.web.health import HealthRoutes
from shared.errors import UserError
from shared.logs import get_logger
from shared.runtime import listening, run_async

log = get_logger(__name__)


NICENESS = 10
"""A worker's probes come in bursts, a second's together, and can wait; webhooks and live drains of the same machine
cannot (https://man7.org/linux/man-pages/man2/nice.2.html)."""


LOOK_AGAIN_S = 1.0
"""When to look again for a Redis that is away."""


def work(settings: RelaySettings, *, allow_volatile: bool) -> None:
    """Run a worker until SIGTERM or SIGINT. Raises UserError when it ended before that."""
    os.nice(NICENESS)
    drains = DrainsThread(settings, allow_volatile=allow_volatile)
    rq_url = settings.rq_redis_address or settings.redis_address
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: drains.stop.ask())  # until RQ's worker takes them over
    drains.start()
    log.info("worker_serves", pid=os.getpid())
    try:
        run_probe_worker(lambda: redis_clients.open_sync(rq_url), wake=drains.wake, stop=drains.stop)
    finally:
        drains.stop.set()
        drains.join()
        log.info("worker_stops")
    if drains.failed:
        raise drains.failed


class DrainsThread(threading.Thread):
    """The event loop of the worker's drains."""

    def __init__(self, settings: RelaySettings, *, allow_volatile: bool) -> None:
        super().__init__(name="drains")
        self.stop = StopEvent()
        self.failed: UserError | None = None
        """Why it ended before it was asked to; None when it did not."""
        self._settings = settings
        self._allow_volatile = allow_volatile
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lane: Lane | None = None

    def run(self) -> None:
        """Sweep until `stop`; then finish the batches in flight. A worker without drains is none: it ends too."""
        try:
            run_async(self._sweep_until_stopped())
        except UserError as error:
            self._fail(error)
        except Exception:
            log.exception("drains_failed")
            self._fail(UserError("the worker's event loop failed; its log says why"))

    def wake(self, site: str) -> None:
        """Probe a site if nobody else does; called from RQ's thread. Raises StoreUnavailable.

        A probe that an announcement of the site has overtaken finds the next attempt still ahead, and leaves it there.
        """
        self._ready.wait()
        if self._loop is None or self._lane is None:
            raise StoreUnavailable("the worker's event loop did not start")
        asyncio.run_coroutine_threadsafe(self._lane.claim(site, if_due=True), self._loop).result()

    def _fail(self, why: UserError) -> None:
        self.failed = why
        os.kill(os.getpid(), signal.SIGTERM)  # the main thread sits in a call of Redis and looks at nothing else

    async def _sweep_until_stopped(self) -> None:
        try:
            if not await self._redis_is_there():
                return
            async with (
                open_store(self._settings, self._settings.redis_address) as store,
                open_lane(store, turn_s=TURN_S) as lane,
            ):
                self._loop, self._lane = asyncio.get_running_loop(), lane
                self._ready.set()
                async with sweeping(self._settings, store, lane, Rank.WORKER), _showing(self._settings, store):
                    await asyncio.to_thread(self.stop.wait)
        finally:
            self._ready.set()

    async def _redis_is_there(self) -> bool:
        """Wait for a Redis that is away; False when the end came first. Raises UserError when it does not fit."""
        while not self.stop.is_set():
            try:
                await examine_redis(self._settings, self._settings.redis_address, allow_volatile=self._allow_volatile)
            except StoreUnavailable as error:
                log.warning("worker_waits_for_redis", reason=str(error))
                await asyncio.to_thread(self.stop.wait, LOOK_AGAIN_S)
            else:
                return True
        return False


@asynccontextmanager
async def _showing(settings: RelaySettings, store: Store) -> AsyncIterator[None]:
    """Show health and metrics meanwhile, if the worker has a port. Raises UserError when that is in use."""
    if settings.worker_port is None:
        yield
        return
    app = build_app([HealthRoutes(RedisHealth(store.redis).check, expose=expose)])
    async with listening(app, host=settings.host, port=settings.worker_port):
        yield
