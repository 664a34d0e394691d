"""The retry lane's schedule on RQ: one job for each parked site. RQ carries site names, never events.

RQ's defaults do not fit this use, so each of these is deliberate:
- a job only wakes the site's drain in the worker's event loop and returns, so a site that hangs holds no worker;
- results are not kept; failures are kept for an hour, not a year;
- jobs are written as JSON, not pickled: whoever can write to this Redis must not be able to run code in a worker;
- an id names site and time and so never comes again. RQ erases a job when it ends: were the site's name the id, the end
  of one attempt would erase the next, which may be scheduled some milliseconds before;
- `relay:probes` names the job of each site, and a new one takes its place. A job that escapes this (two processes at
  once, a job already in the queue) finds the site's next attempt ahead and does nothing (`claim.lua`).
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job
from rq.registry import ScheduledJobRegistry
from rq.serializers import JSONSerializer

from relay.adapters import redis_clients
from relay.adapters.replies import text
from relay.adapters.store_errors import unavailable
from relay.core import keys
from shared.logs import get_logger

log = get_logger(__name__)

QUEUE = "probes"
JOB_TIMEOUT_S = 30
FAILURE_KEPT_S = 3600

Waker = Callable[[str], Any]

_waker: Waker | None = None


def install_waker(waker: Waker | None) -> None:
    """Tell the jobs of this process whom to wake; RQ calls jobs by name and hands them nothing else."""
    global _waker  # noqa: PLW0603  RQ gives a job no other way to reach its worker
    _waker = waker


def probe(site: str) -> None:
    """Have a parked site probed by this worker: the job itself."""
    if _waker is None:
        raise RuntimeError("this job runs in `relay worker` only")
    _waker(site)


def probe_queue(redis: Redis) -> Queue:
    """Return the queue of due probes."""
    return Queue(QUEUE, connection=redis, serializer=JSONSerializer)


class RqSchedule:
    """Schedules probes; fits `engine.ports.ProbeSchedule`.

    A schedule that cannot be written is no loss: the sweep finds overdue sites.
    """

    def __init__(self, redis: AsyncRedis, blocking: Redis) -> None:
        """Both lead to RQ's Redis. RQ itself knows blocking clients only."""
        self.blocking = blocking
        """For what else is asked of RQ."""
        self._redis = redis
        self._queue = probe_queue(blocking)
        self._thread = ThreadPoolExecutor(1, "rq-enqueue")
        registry: Any = ScheduledJobRegistry  # which RQ does not type
        self._scheduled_key: str = registry(queue=self._queue).key

    async def probe_at(self, site: str, *, at_ms: int, attempt: int) -> None:
        """See `engine.ports.ProbeSchedule.probe_at`."""
        await self._write(site, self._schedule(site, at_ms, attempt))

    async def go_on(self, site: str) -> None:
        """See `engine.ports.ProbeSchedule.go_on`."""
        await self._write(site, asyncio.get_running_loop().run_in_executor(self._thread, self._enqueue, site))

    async def cancel(self, site: str) -> None:
        """Take back the probe of a site that is no more; one that runs already finds nothing to do."""
        try:
            job_id: Any = await self._redis.hget(keys.PROBES, site)
            if job_id is not None:
                await self._withdraw(text(job_id))
                await self._redis.hdel(keys.PROBES, site)
        except (RedisError, OSError) as error:
            raise unavailable(error) from None

    def close(self) -> None:
        """End the thread, after what it does now."""
        self._thread.shutdown()

    async def _write(self, site: str, written: Awaitable[None]) -> None:
        try:
            await written
        except (RedisError, OSError) as error:
            log.warning("probe_not_scheduled", site=site, reason=str(error))

    async def _schedule(self, site: str, at_ms: int, attempt: int) -> None:
        """Have RQ write its commands into a pipeline of ours, and send that.

        In a thread, where RQ would send them by itself, hundreds of sites that go down at once would hold up the event
        loop, which has one interpreter with all threads.
        """
        before: Any = await self._redis.hget(keys.PROBES, site)
        if before is not None:
            await self._withdraw(text(before))
        job_id = f"probe-{site}-{at_ms}"
        # RQ knows whole seconds only, and a probe must not come early.
        due = datetime.fromtimestamp(math.ceil(at_ms / 1000), tz=UTC)
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hset(keys.PROBES, site, job_id)
        about = f"probe {site}, attempt {attempt + 1}"
        self._queue.enqueue_at(due, probe, site, job_id=job_id, pipeline=pipeline, **_options(about))
        await pipeline.execute()

    async def _withdraw(self, job_id: str) -> None:
        """Take a job back that still waits for its time; one that runs already is let alone."""
        if await self._redis.zrem(self._scheduled_key, job_id):
            await self._redis.delete(Job.key_for(job_id))

    def _enqueue(self, site: str) -> None:
        self._queue.enqueue(probe, site, job_id=f"go-on-{site}-{time.time_ns()}", **_options(f"go on with {site}"))


@asynccontextmanager
async def open_schedule(url: str) -> AsyncIterator[RqSchedule]:
    """Connect to RQ's Redis, and close the connections again."""
    redis, blocking = redis_clients.open_async(url), redis_clients.open_sync(url)
    schedule = RqSchedule(redis, blocking)
    try:
        yield schedule
    finally:
        schedule.close()
        blocking.close()
        await redis.aclose()


def _options(about: str) -> dict[str, Any]:
    return {"job_timeout": JOB_TIMEOUT_S, "result_ttl": 0, "failure_ttl": FAILURE_KEPT_S, "description": about}
