"""How many workers live, as RQ keeps it: each tells now and then, and one that was killed tells nothing any more."""

import asyncio
from datetime import UTC, datetime

from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from relay.adapters.rq_probes import probe_queue
from relay.adapters.rq_worker import HEARTBEAT_EVERY_S
from relay.adapters.store_errors import unavailable
from shared.clock import Clock

ALIVE_S = 2.5 * HEARTBEAT_EVERY_S
"""After this long without a sign a worker counts as dead: it missed two."""


class RqWorkers:
    """Counts them. RQ knows blocking clients only, so it is asked in a thread."""

    def __init__(self, blocking: Redis, *, clock: Clock) -> None:
        """`blocking` leads to RQ's Redis."""
        self._redis = blocking
        self._clock = clock

    async def alive(self) -> int:
        """Return how many told lately that they live. Raises StoreUnavailable."""
        try:
            return await asyncio.to_thread(self._count)
        except (RedisError, OSError) as error:
            raise unavailable(error) from error

    def _count(self) -> int:
        workers = SimpleWorker.all(queue=probe_queue(self._redis), serializer=JSONSerializer)
        since = datetime.fromtimestamp(self._clock() - ALIVE_S, UTC)
        return sum(worker.last_heartbeat is not None and worker.last_heartbeat >= since for worker in workers)
