"""How many replicas must have what was written before it counts: asked for in the same round trip as the writes.

Replication follows the master's answer: a master that dies takes with it what it had not passed on yet, and one that
was cut off from the others goes on answering until it learns that it is none any more. WAIT lets the answer wait
instead (https://redis.io/docs/latest/commands/wait/). It takes nothing back: what too few have is stored all the same.
"""

from typing import Any

from redis.asyncio import Redis

from relay.adapters.redis_links import leave
from relay.core.errors import StoreUnavailable

WITHIN_MS = 1_000
"""How long the master waits for their word; they give it at once when they are asked."""


class Replicas:
    """Asks for `count` replicas at the end of a pipeline; none where it is 0."""

    def __init__(self, count: int) -> None:
        self.count = count

    def ask(self, pipeline: Any) -> None:
        """Put the question behind the writes; it is about its own connection's writes only."""
        if self.count:
            pipeline.execute_command("WAIT", self.count, WITHIN_MS)

    async def judge(self, redis: Redis, answers: list[Any]) -> None:
        """Take the answer to the question off the end of a pipeline's. Raises StoreUnavailable, RedisError.

        Replicas that do not answer may follow another master by now: the next write goes to whoever is it then.
        """
        if not self.count:
            return
        found = answers.pop()
        if isinstance(found, Exception):
            raise found
        if found < self.count:
            await leave(redis)
            raise StoreUnavailable(f"{found} of {self.count} replicas have it after {WITHIN_MS} ms")
