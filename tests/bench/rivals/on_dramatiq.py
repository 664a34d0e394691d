"""dramatiq on Redis: one worker thread, which keeps the order.

Acknowledged when done, so nothing is lost with a worker. Without the middlewares that time, limit and retry jobs; and
with enough fetched ahead that the thread never waits.
"""

from collections.abc import Sequence

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.worker import Worker

from shared.runtime import run_async, stop_event
from tests.bench.rivals.command import main
from tests.bench.rivals.intake import Enqueue
from tests.bench.rivals.job import Job, new_courier

NAME = "deliver"
FETCHED_AHEAD = 100


def new_actor(redis_url: str) -> dramatiq.Actor:
    """Make the actor, and its broker."""
    return dramatiq.actor(new_courier(), actor_name=NAME, broker=RedisBroker(url=redis_url, middleware=[]))


async def connect(redis_url: str) -> Enqueue:
    """Open the queue."""
    actor = new_actor(redis_url)

    async def enqueue(jobs: Sequence[Job]) -> None:
        for job in jobs:  # the client blocks; here in the loop that costs less than through threads
            actor.send(*job)

    return enqueue


def work(redis_url: str) -> None:
    """Run the jobs one after the other in a thread of this process."""
    worker = Worker(new_actor(redis_url).broker, worker_threads=1)
    worker.queue_prefetch = FETCHED_AHEAD
    worker.start()
    run_async(_until_stopped())
    worker.stop()


async def _until_stopped() -> None:
    await stop_event().wait()


if __name__ == "__main__":
    main(connect, work)
