"""The connections of `adapters.redis_links` for RQ, which calls and waits."""

from typing import Any

from redis import connection as links
from redis import sentinel
from redis.exceptions import ResponseError

from relay.adapters.redis_links import Demoted, is_demoted


class _Watchful(links.AbstractConnection):
    """Ends with the first answer of a demoted master, and with the first that does not come.

    redis-py's own connection to a master of Sentinel stays open when an answer is late: the next command would wait on
    the server that hangs, or get the answer of the one before.
    """

    def read_response(self, *args: Any, **options: Any) -> Any:
        options.setdefault("disconnect_on_error", True)
        try:
            return super().read_response(*args, **options)
        except ResponseError as error:
            if not is_demoted(error):
                raise
            self.disconnect()
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


class MasterPool(sentinel.SentinelConnectionPool):
    """Connections to the master that Sentinel names, and those to the Sentinels themselves."""

    def close(self) -> None:
        """Close them all."""
        super().close()
        for each in self.sentinel_manager.sentinels:
            each.close()
