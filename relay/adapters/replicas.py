"""How many replicas must have what was written before it counts: asked for in the same round trip as the writes.

Replication follows the master's answer: a master that dies takes with it what it had not passed on yet, and one that
was cut off from the others goes on answering until it learns that it is none any more. WAIT lets the answer wait
instead (https://redis.io/docs/latest/commands/wait/). It takes nothing back: what too few have is stored all the same.
"""

from typing import Any

from redis.asyncio import Redis

from relay.adapters.redis_links import leave
from relay.adapters.store_errors import store_errors
from relay.core.errors import StoreUnavailable
from shared.logs import get_logger

log = get_logger(__name__)

WITHIN_MS = 1_000
"""How long the master waits for their word; they give it at once when they are asked."""


async def warn_of_missing_replicas(redis: Redis, wanted: int) -> None:
    """Log where fewer replicas than wanted are connected; nobody is refused, as they may come. Raises StoreUnavailable.

    Source: https://redis.io/docs/latest/commands/info/ (section replication).
    """
    if not wanted:
        return
    async with store_errors():
        connected = int((await redis.info("replication"))["connected_slaves"])
    if connected < wanted:
        log.warning(
            "redis_has_too_few_replicas",
            connected=connected,
            wanted=wanted,
            cost="until the others are there, webhooks get 503",
            advice="start replicas of this Redis, or set RELAY_REDIS_WAIT_REPLICAS to what it has",
        )


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
