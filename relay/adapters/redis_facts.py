"""Asks every server behind an address what `core.checks.redis` judges. Writes nothing."""

import time
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from redis.asyncio import Redis

from relay.adapters.redis_clients import open_server
from relay.adapters.redis_persistence import read_config
from relay.adapters.redis_topology import Server, servers_behind
from relay.adapters.store_errors import store_errors
from relay.core.checks.redis import RedisFacts
from relay.core.errors import StoreUnavailable
from shared.clock import Clock


async def facts_behind(url: str, *, clock: Clock = time.time) -> Sequence[RedisFacts]:
    """Ask them one after the other. Raises StoreUnavailable; a replica that is away is left out, as it may be."""
    async with store_errors():
        servers = await servers_behind(url)
    found = [await _ask(server, clock) for server in servers]
    return [each for each in found if each is not None]


async def _ask(server: Server, clock: Clock) -> RedisFacts | None:
    async with aclosing(open_server(server.address)) as client:
        try:
            return await _facts(client, server, clock)
        except StoreUnavailable:
            if not server.replica:
                raise
            return None


async def _facts(client: Redis, server: Server, clock: Clock) -> RedisFacts:
    config = await read_config(client, server.name)
    async with store_errors():
        info: dict[str, Any] = await client.info("server") | await client.info("replication")
        seconds, microseconds = await client.time()
    return RedisFacts(
        server.name,
        version=str(info.get("redis_version", "")),
        config=config,
        ahead_s=seconds + microseconds / 1_000_000 - clock(),
        replicas=int(info.get("connected_slaves", 0)),
        is_replica=server.replica,
    )
