"""Celery on Redis: the solo pool (no fork, one job at a time), no results, and no talk of the workers among each other.

Acknowledged when done, so nothing is lost with a worker; what a dead one had in hand comes again after an hour.
"""

from collections.abc import Sequence

from celery import Celery

from tests.bench.rivals.command import main
from tests.bench.rivals.intake import Enqueue
from tests.bench.rivals.job import Job, new_courier

NAME = "deliver"


def new_app(redis_url: str) -> Celery:
    """Make the application."""
    app = Celery(broker=redis_url.replace("unix://", "redis+socket://"))
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        worker_prefetch_multiplier=100,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
    )
    return app


async def connect(redis_url: str) -> Enqueue:
    """Open the queue."""
    app = new_app(redis_url)

    async def enqueue(jobs: Sequence[Job]) -> None:
        for job in jobs:  # the client blocks; here in the loop that costs less than through threads
            app.send_task(NAME, args=tuple(job))

    return enqueue


def work(redis_url: str) -> None:
    """Run the jobs one after the other in this process."""
    app = new_app(redis_url)
    app.task(new_courier(), name=NAME)
    app.worker_main(
        ["worker", "--pool=solo", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING"]
    )


if __name__ == "__main__":
    main(connect, work)
