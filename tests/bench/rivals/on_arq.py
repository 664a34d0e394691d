"""arq: one job at a time, no results, and a look at the queue as often as it takes. Jobs survive a dead worker.

A job's place is its millisecond and then its id as text, so ids that grow keep the order.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from arq import create_pool, func
from arq.connections import RedisSettings
from arq.worker import Worker

from tests.bench.rivals.command import main
from tests.bench.rivals.intake import Enqueue
from tests.bench.rivals.job import AsyncCourier, Job

NAME = "deliver"
LOOK_EVERY_S = 0.001
"""arq's own half a second would bound it to two jobs a second, as one at a time means one for each look."""

_courier = AsyncCourier()


def _encode(value: Any) -> bytes:
    return json.dumps(value).encode()


async def connect(redis_url: str) -> Enqueue:
    """Open the queue."""
    pool = await create_pool(RedisSettings.from_dsn(redis_url), job_serializer=_encode, job_deserializer=json.loads)

    async def enqueue(jobs: Sequence[Job]) -> None:
        for job in jobs:
            await pool.enqueue_job(NAME, *job, _job_id=job.event_id)

    return enqueue


async def deliver(_context: dict[Any, Any], *fields: str) -> None:
    """Post one event."""
    await _courier.deliver(*fields)


def work(redis_url: str) -> None:
    """Run the jobs one after the other in this process."""
    asyncio.set_event_loop(asyncio.new_event_loop())  # arq 0.28 expects one to be there
    Worker(
        functions=[func(deliver, name=NAME, keep_result=0)],
        redis_settings=RedisSettings.from_dsn(redis_url),
        max_jobs=1,
        poll_delay=LOOK_EVERY_S,
        job_serializer=_encode,
        job_deserializer=json.loads,
        log_results=False,
    ).run()


if __name__ == "__main__":
    main(connect, work)
