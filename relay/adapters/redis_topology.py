"""Which servers stand behind an address: the one, a service's master with its replicas, or a cluster's nodes.

For start checks, which look at each of them, as today's replica is tomorrow's master. Whoever reads or writes events
goes through `adapters.redis_clients`, whose clients know where the master is.
"""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from relay.adapters.redis_clients import open_cluster, open_sentinels
from relay.core.redis_address import BehindSentinel, InCluster, OneServer, parse_redis_address


@dataclass(frozen=True, slots=True)
class Server:
    """One server."""

    address: OneServer
    replica: bool

    @property
    def name(self) -> str:
        """How an operator tells it from the others."""
        return self.address.socket or f"{self.address.host}:{self.address.port}"


async def servers_behind(url: str) -> Sequence[Server]:
    """Return every server, masters first. Raises BadRedisAddress, and what redis-py raises."""
    match parse_redis_address(url):
        case OneServer() as address:
            return [Server(address, replica=False)]
        case BehindSentinel() as address:
            return await _of_service(address)
        case InCluster() as address:
            return await _of_cluster(address)


async def _of_service(address: BehindSentinel) -> Sequence[Server]:
    async with aclosing(open_sentinels(address)) as sentinels:
        master = await sentinels.discover_master(address.service)
        replicas = await sentinels.discover_replicas(address.service)
    return [
        Server(OneServer(str(host), int(port), "", address.database, address.login), replica=(host, port) != master)
        for host, port in (master, *replicas)
    ]


async def _of_cluster(address: InCluster) -> Sequence[Server]:
    async with aclosing(open_cluster(address)) as client:
        nodes = (await client.initialize()).get_nodes()
    servers = [
        Server(OneServer(node.host, int(node.port), "", 0, address.login), replica=node.server_type != "primary")
        for node in nodes
    ]
    return sorted(servers, key=lambda server: server.replica)
