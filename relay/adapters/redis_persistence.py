"""Whether Redis keeps what it is given: looked at once, at the start, on every server that may have to keep events."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from relay.adapters.redis_clients import open_server
from relay.adapters.redis_topology import Server, servers_behind
from relay.adapters.store_errors import store_errors
from relay.core.checks.redis import persistence_problems
from relay.core.errors import StoreUnavailable, VolatileStore
from shared.logs import get_logger

log = get_logger(__name__)

_ASKED = ("appendonly", "maxmemory-policy", "appendfsync")


async def check_persistence(url: str, *, allow_volatile: bool) -> None:
    """Refuse a Redis that would lose or evict events, unless told otherwise. Raises VolatileStore, StoreUnavailable.

    A replica that is away now is left unchecked with a warning: it holds nobody up.
    """
    async with store_errors():
        servers = await servers_behind(url)
    problems: list[str] = []
    for server in servers:
        config = await _config_of(server)
        own = persistence_problems(config)
        problems += own if len(servers) == 1 else [f"{server.name}: {problem}" for problem in own]
        if config.get("appendfsync") not in {"always", None} and not own:
            cost = "a power cut can lose about a second"
            log.warning("redis_syncs_late", server=server.name, appendfsync=config["appendfsync"], cost=cost)
    if problems and not allow_volatile:
        raise VolatileStore(_refusal(problems))
    for problem in problems:
        log.warning("redis_is_volatile", problem=problem)


def _refusal(problems: Sequence[str]) -> str:
    return (
        "this Redis would not keep events: " + "; ".join(problems) + ". Change its configuration,"
        " or start with --allow-volatile where losing events does not matter"
    )


async def _config_of(server: Server) -> Mapping[str, str]:
    async with aclosing(open_server(server.address)) as client:
        try:
            return await read_config(client, server.name)
        except StoreUnavailable as error:
            if not server.replica:
                raise
            log.warning("redis_replica_unchecked", server=server.name, reason=str(error))
            return {}


async def read_config(client: Redis, name: str) -> Mapping[str, str]:
    """Read what CONFIG tells, or INFO where CONFIG is not for us, as with most managed Redis.

    Raises StoreUnavailable.
    """
    async with store_errors():
        try:
            return await _from_config(client)
        except ResponseError:
            log.warning("redis_config_hidden", server=name, advice="check yourself: appendfsync always, or everysec")
            return await _from_info(client)


async def _from_config(client: Redis) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name in _ASKED:  # one by one: Redis below 7 takes no list
        answer: Any = await client.config_get(name)
        found |= {str(key): str(value) for key, value in answer.items()}
    return found


async def _from_info(client: Redis) -> Mapping[str, str]:
    """https://redis.io/docs/latest/commands/info/: `aof_enabled` of persistence, `maxmemory_policy` of memory."""
    info: dict[str, Any] = await client.info("persistence") | await client.info("memory")
    found = {"appendonly": "yes" if info.get("aof_enabled", 1) else "no"}
    return found | ({"maxmemory-policy": str(info["maxmemory_policy"])} if "maxmemory_policy" in info else {})
