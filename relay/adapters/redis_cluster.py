"""The client of a cluster, whose troubles are all Redis' own: redis-py's stumbles while it learns the nodes anew.

Of several tasks that use it at once, one may close the connections or empty the table of slots that another is about to
use. What the other one then gets is an AttributeError or the like, out of the library; it means no more than that Redis
could not be asked now.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio.cluster import ClusterPipeline, RedisCluster
from redis.exceptions import ConnectionError as RedisConnectionError

_STUMBLES = (AttributeError, KeyError, IndexError, RuntimeError)


class Unsteady(RedisConnectionError):
    """The cluster's nodes are just being learned anew."""


@asynccontextmanager
async def _steady() -> AsyncIterator[None]:
    try:
        yield
    except _STUMBLES as error:
        raise Unsteady(f"the nodes are being learned anew ({type(error).__name__})") from error


class Cluster(RedisCluster):
    """A cluster."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run one command where its key is."""
        async with _steady():
            return await super().execute_command(*args, **options)

    def pipeline(self, transaction: Any = None, shard_hint: Any = None) -> "Pipeline":  # noqa: ARG002  redis-py's own
        """Begin a pipeline over as many nodes as it takes. Raises NotImplementedError for a transaction.

        redis-py queues each command of a transaction in another thread with an event loop of its own, and opens the
        client's connections in there. What must be atomic is a script.
        """
        if transaction:
            raise NotImplementedError("a transaction on a cluster: write a script")
        return Pipeline(self, transaction)  # type: ignore[abstract]  # so is redis-py's own, by its declarations


class Pipeline(ClusterPipeline):
    """Commands for several nodes, sent to all of them at once."""

    async def execute(self, *args: Any, **options: Any) -> list[Any]:
        """Run the commands; see redis-py."""
        async with _steady():
            return await super().execute(*args, **options)
