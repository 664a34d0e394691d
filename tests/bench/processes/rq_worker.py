"""The rival's worker: runs the jobs one after the other in this process."""

import sys

from rq import SimpleWorker
from rq.serializers import JSONSerializer

from tests.bench.processes.rq_job import event_queue


def work(redis_url: str) -> None:
    """Work until SIGTERM."""
    queue = event_queue(redis_url)
    SimpleWorker([queue], connection=queue.connection, serializer=JSONSerializer).work(logging_level="WARNING")


if __name__ == "__main__":
    work(sys.argv[1])
