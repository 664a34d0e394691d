"""taskiq on Redis streams: one job at a time, acknowledged when done, so nothing is lost with a worker. No results."""

import asyncio
from collections.abc import Sequence

from taskiq.api import run_receiver_task
from taskiq_redis import RedisStreamBroker

from shared.runtime import run_async
from tests.bench.rivals.command import main
from tests.bench.rivals.intake import Enqueue
from tests.bench.rivals.job import AsyncCourier, Job

NAME = "deliver"


_courier = AsyncCourier()


async def deliver(*fields: str) -> None:
    """Post one event."""
    await _courier.deliver(*fields)


async def connect(redis_url: str) -> Enqueue:
    """Open the queue."""
    broker = RedisStreamBroker(redis_url, consumer_id="0")
    task = broker.register_task(deliver, NAME)
    await broker.startup()

    async def enqueue(jobs: Sequence[Job]) -> None:
        for job in jobs:
            await task.kiq(*job)

    return enqueue


def work(redis_url: str) -> None:
    """Run the jobs one after the other in this process."""
    run_async(_work(redis_url))


async def _work(redis_url: str) -> None:
    broker = RedisStreamBroker(redis_url, consumer_id="0")
    broker.register_task(deliver, NAME)
    await broker.startup()
    receiving = asyncio.ensure_future(run_receiver_task(broker, max_async_tasks=1, max_prefetch=100))
    await asyncio.wait({receiving})


if __name__ == "__main__":
    main(connect, work)
