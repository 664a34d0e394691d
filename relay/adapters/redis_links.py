"""Connections to Redis that are left when they lead nowhere: to a server that is no master any more, or is silent.

redis-py keeps a connection for as long as the server keeps it, whatever the server answers. After a failover that may
be the demoted master, which refuses every write for ever. Here such an answer ends the connection, and the next one
asks anew where the master is (Sentinel, DNS). How often is asked again is `adapters.redis_clients`' affair.
"""

import contextlib
from typing import Any

import redis.asyncio
from redis.asyncio import connection as links
from redis.asyncio import sentinel
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MasterDownError, ReadOnlyError, RedisError, ResponseError


class Demoted(RedisConnectionError):
    """The server at the other end is not the master, or not any more."""


def is_demoted(error: ResponseError) -> bool:
    """Whether this is how a replica refuses, or a master that lost its replicas: they may follow another one by now.

    Redis 6 wraps the refusal of a script's write into a general error and quotes it there
    (https://redis.io/docs/latest/develop/programmability/eval-intro/).
    """
    text = str(error)
    return isinstance(error, (ReadOnlyError, MasterDownError)) or "-READONLY " in text or text.startswith("NOREPLICAS ")


async def leave(client: redis.asyncio.Redis) -> None:
    """End the connections that nobody uses: whoever comes next asks anew where the master is."""
    with contextlib.suppress(RedisError, OSError):  # they are closed however the closing went
        await client.connection_pool.disconnect(inuse_connections=False)


class _Watchful(links.AbstractConnection):
    """Ends with the first answer of a demoted master."""

    async def read_response(self, *args: Any, **options: Any) -> Any:
        try:
            return await super().read_response(*args, **options)
        except ResponseError as error:
            if not is_demoted(error):
                raise
            await self.disconnect(nowait=True)
            raise Demoted(str(error)) from None


class Link(_Watchful, links.Connection):
    """A TCP connection."""


class TlsLink(_Watchful, links.SSLConnection):
    """A TLS connection."""


class SocketLink(_Watchful, links.UnixDomainSocketConnection):
    """A connection over a Unix socket."""


class MasterLink(_Watchful, sentinel.SentinelManagedConnection):
    """A connection to the master that Sentinel names."""


class MasterTlsLink(_Watchful, sentinel.SentinelManagedSSLConnection):
    """The same over TLS."""


class LinkPool(redis.asyncio.BlockingConnectionPool):
    """Connections that share their server's fate: one that comes back broken ends those that are idle.

    They lead to the same server. Each would otherwise find out for itself, a timeout at a time.
    """

    async def release(self, connection: links.AbstractConnection) -> None:
        """Take a connection back."""
        broken = not connection.is_connected
        await super().release(connection)
        if broken:
            with contextlib.suppress(RedisError, OSError):  # they are closed however the closing went
                await self.disconnect(inuse_connections=False)


class MasterPool(sentinel.SentinelConnectionPool, LinkPool):
    """Connections to the master that Sentinel names, and those to the Sentinels themselves."""

    async def aclose(self) -> None:
        """Close them all."""
        await super().aclose()
        await self.sentinel_manager.aclose()
