"""Makes the Redis clients of a process, and checks that the server keeps what it is given."""

from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from relay.adapters.store_errors import store_errors
from relay.core.errors import VolatileStore
from shared.logs import get_logger

log = get_logger(__name__)

ANSWER_TIMEOUT_S = 4.0
"""Below Meta's 5 s, so that a hanging Redis ends in our 503 and not in their timeout."""
CONNECT_TIMEOUT_S = 2.0
MAX_CONNECTIONS = 256
"""Of one process; whoever comes when all are in use waits for one, as long as for an answer."""


def open_async(url: str) -> redis.asyncio.Redis:
    """Make the client of an event loop. One retry, for a kept connection that a restarted Redis has closed.

    A Redis that hangs is not asked again: that would take twice the time, and Meta would not wait for our 503.
    """
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        url,
        socket_timeout=ANSWER_TIMEOUT_S,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        retry=AsyncRetry(NoBackoff(), 1, supported_errors=(redis.exceptions.ConnectionError,)),
        max_connections=MAX_CONNECTIONS,
        timeout=ANSWER_TIMEOUT_S,
    )
    return redis.asyncio.Redis.from_pool(pool)


def open_sync(url: str) -> redis.Redis:
    """Make a client for RQ, which blocks in its own calls and so needs no answer timeout."""
    return redis.Redis.from_url(url, socket_connect_timeout=CONNECT_TIMEOUT_S, retry=Retry(NoBackoff(), 1))


async def check_persistence(client: redis.asyncio.Redis, *, allow_volatile: bool) -> None:
    """Refuse a Redis that would lose or evict events, unless told otherwise. Raises VolatileStore, StoreUnavailable."""
    async with store_errors():
        config = await _config(client)
    problems = persistence_problems(config)
    if problems and not allow_volatile:
        raise VolatileStore(
            "this Redis would not keep events: " + "; ".join(problems) + ". Change its configuration,"
            " or start with --allow-volatile where losing events does not matter"
        )
    for problem in problems:
        log.warning("redis_is_volatile", problem=problem)
    if config.get("appendfsync") not in {"always", None} and not problems:
        log.warning("redis_syncs_late", appendfsync=config["appendfsync"], cost="a power cut can lose about a second")


def persistence_problems(config: dict[str, str]) -> list[str]:
    """Name what in a configuration breaks the promise behind our 200; what the server does not tell is left open."""
    problems = []
    if config.get("appendonly", "yes") != "yes":
        problems.append("`appendonly` is not `yes`: a restart loses events")
    if config.get("maxmemory-policy", "noeviction") != "noeviction":
        problems.append(
            f"`maxmemory-policy` is `{config['maxmemory-policy']}`, not `noeviction`: full memory loses events"
        )
    if config.get("appendfsync") == "no":
        problems.append("`appendfsync` is `no`: a power cut loses what the system had not yet written")
    return problems


async def _config(client: redis.asyncio.Redis) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        for name in ("appendonly", "maxmemory-policy", "appendfsync"):  # one by one: Redis below 7 takes no list
            answer: Any = await client.config_get(name)
            found |= {str(key): str(value) for key, value in answer.items()}
    except redis.exceptions.ResponseError:
        log.warning("redis_config_hidden", advice="check yourself: appendonly yes, maxmemory-policy noeviction")
    return found
