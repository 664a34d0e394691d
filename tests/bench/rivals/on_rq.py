"""RQ, to its advantage: `SimpleWorker` (no fork for each job), JSON rather than pickle, one round trip for a body."""

from collections.abc import Sequence

from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from tests.bench.rivals import rq_job
from tests.bench.rivals.command import main
from tests.bench.rivals.intake import Enqueue
from tests.bench.rivals.job import Job


def event_queue(redis_url: str) -> Queue:
    """Return the queue of events."""
    return Queue("events", connection=Redis.from_url(redis_url), serializer=JSONSerializer)


async def connect(redis_url: str) -> Enqueue:
    """Open the queue."""
    queue = event_queue(redis_url)

    async def enqueue(jobs: Sequence[Job]) -> None:
        # RQ's client blocks; here in the loop it costs less than through threads, and the order stays.
        queue.enqueue_many(
            [
                Queue.prepare_data(rq_job.deliver, args=tuple(job), result_ttl=0, description=job.event_id)
                for job in jobs
            ]
        )

    return enqueue


def work(redis_url: str) -> None:
    """Run the jobs one after the other in this process."""
    queue = event_queue(redis_url)
    SimpleWorker([queue], connection=queue.connection, serializer=JSONSerializer).work(logging_level="WARNING")


if __name__ == "__main__":
    main(connect, work)
