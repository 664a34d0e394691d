"""The retry lane's schedule on RQ: one job for each attempt at a parked site. RQ carries site names, never events.

RQ's defaults do not fit this use, so each of these is deliberate:
- a job only wakes the site's drain in the worker's event loop and returns, so a site that hangs holds no worker;
- results are not kept, as a finished job would block its id; failures are kept for an hour, not a year;
- jobs are written as JSON, not pickled: whoever can write to this Redis must not be able to run code in a worker;
- the id names site and attempt, so that scheduling the same attempt twice is one job.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from shared.logs import get_logger

log = get_logger(__name__)

QUEUE = "probes"
JOB_TIMEOUT_S = 30
FAILURE_KEPT_S = 3600
EARLY_PROBE_MS = 2_000
"""How early a probe may come and still be the one that was meant: RQ's schedule cuts fractions of a second off, and the
clocks of two machines differ a little."""

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
    """Schedules probes; fits `engine.ports.ProbeSchedule`."""

    def __init__(self, redis: Redis) -> None:
        self._queue = probe_queue(redis)

    async def probe_at(self, site: str, *, at_ms: int, attempt: int) -> None:
        """See `engine.ports.ProbeSchedule.probe_at`.

        A schedule that cannot be written is no loss: the sweep finds overdue sites.
        """
        try:
            await asyncio.to_thread(self._schedule, site, at_ms, attempt)
        except (RedisError, OSError) as error:
            log.warning("probe_not_scheduled", site=site, reason=str(error))

    def _schedule(self, site: str, at_ms: int, attempt: int) -> None:
        self._queue.enqueue_at(
            datetime.fromtimestamp(at_ms / 1000, tz=UTC),
            probe,
            site,
            job_id=f"probe-{site}-{attempt}",
            job_timeout=JOB_TIMEOUT_S,
            result_ttl=0,
            failure_ttl=FAILURE_KEPT_S,
            description=f"probe {site}, attempt {attempt + 1}",
        )
