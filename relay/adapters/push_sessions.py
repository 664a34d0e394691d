"""The client sessions that pushes go through: one for each set of networks that operators allowed.

A site's address comes from outside, and the relay stands where much answers that the internet must not reach: other
services of its machine and network, a cloud's credentials. So each address is judged **when the socket to it is made**,
which is after the last word of the resolver, for literal addresses too (the library resolves none of those), and for
every attempt anew: a name that leads elsewhere a moment later is judged by where it leads then.

A connection that is kept open is found again by host and port alone. Whoever shares a pool shares its connections, so
a pool belongs to one set of allowed networks: what one site's permission opened, no other site's push can use.
"""

import socket
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver

from relay.core.addresses import IPAddress, Network, address_of
from relay.core.permission import Permission

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 20.0
"""From the first byte sent to the whole answer; Standard Webhooks advises 15 to 30 s."""


class AddressRefused(OSError):
    """The relay does not connect there for this site."""

    def __init__(self, address: IPAddress, kind: str) -> None:
        # In the same words for every address: when all that a name leads to failed in the same words, the library
        # raises the first of these errors, otherwise one that it makes of their texts.
        super().__init__("an address that is not allowed was left out")
        self.address = address
        self.kind = kind


class PushSessions:
    """All client sessions of this process that reach sites; `async with` closes them."""

    def __init__(self, *, resolver: AbstractResolver | None = None, answer_timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        """Without a `resolver`, the system's is asked."""
        self.answer_timeout_s = answer_timeout_s
        self._resolver = resolver
        self._sessions: dict[tuple[Network, ...], aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        """Return itself; sessions are made when they are needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close all sessions."""
        for session in self._sessions.values():
            await session.close()

    def reaching(self, networks: tuple[Network, ...]) -> aiohttp.ClientSession:
        """Return the session that reaches public addresses and these networks; it shares no connection with another.

        A session costs some 5 KiB and is kept: there are as many as operators think up different sets of networks.
        """
        session = self._sessions.get(networks)
        if session is None:
            session = self._sessions[networks] = self._new_session(Permission(networks))
        return session

    def _new_session(self, permission: Permission) -> aiohttp.ClientSession:
        """Make a session: no cookies, no proxies, no common limit that one site could use up."""

        def open_socket(address_info: aiohttp.AddrInfoType) -> socket.socket:
            family, kind, protocol, _, where = address_info
            try:
                address = address_of(where[0])
            except ValueError:
                raise OSError("the resolver's answer is no address") from None  # other errors the library takes badly
            if objection := permission.objection(address):
                raise AddressRefused(address, objection)
            return socket.socket(family, kind, protocol)

        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=60, resolver=self._resolver, socket_factory=open_socket
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self.answer_timeout_s, connect=CONNECT_TIMEOUT_S),
            auto_decompress=False,  # a small hostile answer must not become a large one
            trust_env=False,  # a proxy would connect in our place, where nothing is judged
        )
