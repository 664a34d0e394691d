"""Makes the Redis clients of a process, for whichever kind of address: one server, Sentinel, or a cluster.

A client asks once more where its connection broke, and never where Redis hangs: that would take twice the time, and
Meta would not wait for our 503. All other patience is the callers'.
"""

from typing import Any, cast

import redis
import redis.asyncio
from redis import sentinel as sync_sentinel
from redis.asyncio import sentinel
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from relay.adapters import redis_links as links
from relay.adapters import redis_links_sync as sync_links
from relay.adapters.redis_cluster import Cluster
from relay.core.redis_address import (
    BadRedisAddress,
    BehindSentinel,
    InCluster,
    Login,
    OneServer,
    parse_redis_address,
)

ANSWER_TIMEOUT_S = 3.0
"""For one answer. A hanging Redis must end in our 503 before Meta gives up, after 5 s."""
CONNECT_TIMEOUT_S = 1.0
SENTINEL_TIMEOUT_S = 0.5
"""For a Sentinel to connect, and again to answer: two that hang leave time for the third."""
MAX_CONNECTIONS = 256
"""Of one process; whoever comes when all are in use waits for one, as long as for an answer."""
MAX_NODE_CONNECTIONS = 2_048
"""Of one process to one node of a cluster, where nobody can wait for one; Redis takes 10,000 clients by default."""
CLUSTER_RETRIES = 2
"""How often a cluster's client learns the nodes anew and asks once more."""

_POOL: dict[str, Any] = {"max_connections": MAX_CONNECTIONS, "timeout": ANSWER_TIMEOUT_S}


def open_async(url: str) -> redis.asyncio.Redis:
    """Make the client of an event loop. Raises BadRedisAddress.

    A cluster's client is of another class with the same commands. What differs is provided for: a script stays in one
    slot by the names in `core.keys`, a pipeline over several slots is several round trips at once, and nothing uses
    transactions.
    """
    match parse_redis_address(url):
        case OneServer() as address:
            return open_server(address)
        case BehindSentinel() as address:
            pool = links.MasterPool(
                address.service, open_sentinels(address), **_master(address, links), **_patience(_once_more()), **_POOL
            )
            return redis.asyncio.Redis.from_pool(pool)
        case InCluster() as address:
            return cast("redis.asyncio.Redis", open_cluster(address))


def open_server(address: OneServer) -> redis.asyncio.Redis:
    """Make the client of one server."""
    pool = links.LinkPool(**_server(address, links), **_patience(_once_more()), **_POOL)
    return redis.asyncio.Redis.from_pool(pool)


def open_sentinels(address: BehindSentinel) -> sentinel.Sentinel:
    """Make the client of the Sentinels, to be asked for masters and replicas."""
    return sentinel.Sentinel(address.sentinels, sentinel_kwargs=_watcher(address, AsyncRetry(NoBackoff(), 0)))


def open_cluster(address: InCluster) -> Cluster:
    """Make the client of a cluster."""
    return Cluster(
        startup_nodes=[ClusterNode(host, port) for host, port in address.nodes],
        max_connections=MAX_NODE_CONNECTIONS,
        ssl=address.login.tls,
        **_patience(AsyncRetry(NoBackoff(), CLUSTER_RETRIES)),
        **_login(address.login),
    )


def open_sync(url: str) -> redis.Redis:
    """Make a client for RQ, which knows no cluster. Raises BadRedisAddress, also for a cluster.

    RQ lengthens the answer timeout of the client it blocks in, by itself.
    """
    options = _patience(Retry(NoBackoff(), 1, (RedisConnectionError,)))
    pool: redis.ConnectionPool
    match parse_redis_address(url):
        case OneServer() as address:
            pool = redis.ConnectionPool(**_server(address, sync_links), **options)
        case BehindSentinel() as address:
            watchers: Any = sync_sentinel.Sentinel(
                address.sentinels, sentinel_kwargs=_watcher(address, Retry(NoBackoff(), 0))
            )
            pool = sync_links.MasterPool(address.service, watchers, **_master(address, sync_links), **options)
        case InCluster():
            raise BadRedisAddress("is a cluster, and RQ does not work on one")
    return redis.Redis.from_pool(pool)


def _once_more() -> AsyncRetry:
    return AsyncRetry(NoBackoff(), 1, (RedisConnectionError,))


def _patience(retry: AsyncRetry | Retry) -> dict[str, Any]:
    return {"socket_timeout": ANSWER_TIMEOUT_S, "socket_connect_timeout": CONNECT_TIMEOUT_S, "retry": retry}


def _server(address: OneServer, kinds: Any) -> dict[str, Any]:
    """Options of a pool; `kinds` is the module with the connection classes, asynchronous or not."""
    login = _login(address.login) | {"db": address.database}
    if address.socket:
        return {"connection_class": kinds.SocketLink, "path": address.socket, **login}
    kind = kinds.TlsLink if address.login.tls else kinds.Link
    return {"connection_class": kind, "host": address.host, "port": address.port, **login}


def _master(address: BehindSentinel, kinds: Any) -> dict[str, Any]:
    kind = kinds.MasterTlsLink if address.login.tls else kinds.MasterLink
    return {"connection_class": kind, "db": address.database, **_login(address.login)}


def _watcher(address: BehindSentinel, retry: AsyncRetry | Retry) -> dict[str, Any]:
    return {
        "socket_timeout": SENTINEL_TIMEOUT_S,
        "socket_connect_timeout": SENTINEL_TIMEOUT_S,
        "retry": retry,
        "ssl": address.sentinel_login.tls,
        **_login(address.sentinel_login),
    }


def _login(login: Login) -> dict[str, Any]:
    return {"username": login.username or None, "password": login.password or None, **login.tls_options}
