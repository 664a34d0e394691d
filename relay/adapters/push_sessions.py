"""The client sessions that pushes go through: one for each site and the networks it is allowed, for some of them kept.

A site's address comes from outside, and the relay stands where much answers that the internet must not reach: other
services of its machine and network, a cloud's credentials. So each address is judged **when the socket to it is made**,
which is after the last word of the resolver, for literal addresses too (the library resolves none of those), and for
every attempt anew: a name that leads elsewhere a moment later is judged by where it leads then.

A connection that is kept open is found again by host and port alone. Whoever shares a pool shares its connections, so
no site shares one: what one site's permission opened, no other site's push can use.

A kept connection with TLS takes memory, and a relay may have ten thousand sites: so the connections to the sites that
were pushed to last are kept, and those beyond KEPT_SITES are closed.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver

from relay.adapters.bounded_answers import bound_answers
from relay.core.permission import Permission
from shared.addresses import Network
from shared.judged_sockets import judged_sockets

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 20.0
"""From the first byte sent to the whole answer; Standard Webhooks advises 15 to 30 s."""
KEPT_SITES = 256
"""To how many sites a process keeps connections, at about 130 KiB each. To the others it makes one for each push."""

_Key = tuple[str, tuple[Network, ...]]


class PushSessions:
    """All client sessions of this process that reach sites; `async with` closes them."""

    def __init__(
        self,
        *,
        resolver: AbstractResolver | None = None,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        kept_sites: int = KEPT_SITES,
    ) -> None:
        """Without a `resolver`, the system's name servers are asked. With no `kept_sites`, no connection is kept."""
        self.answer_timeout_s = answer_timeout_s
        self._kept_sites = kept_sites
        self._resolver = resolver
        self._idle: dict[_Key, aiohttp.ClientSession] = {}
        """Those that nobody uses now, the one used last at the end."""

    async def __aenter__(self) -> Self:
        """Return itself; sessions are made when they are needed."""
        # The system's own resolver would hold a thread for each name, and has four under uvloop: a few sites whose
        # name servers hang would keep all others from being reached.
        self._resolver = self._resolver or aiohttp.AsyncResolver()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close all sessions."""
        while self._idle:
            await self._idle.popitem()[1].close()
        if self._resolver is not None:
            await self._resolver.close()

    @asynccontextmanager
    async def reaching(self, site: str, networks: tuple[Network, ...]) -> AsyncIterator[aiohttp.ClientSession]:
        """Lend the site's session, which reaches public addresses and these networks; nobody else has it meanwhile."""
        key = (site, networks)
        session = self._idle.pop(key, None) or self._new_session(Permission(networks))
        try:
            yield session
        finally:
            await self._keep(key, session)

    async def _keep(self, key: _Key, session: aiohttp.ClientSession) -> None:
        beyond = [self._idle.pop(key)] if key in self._idle else []
        self._idle[key] = session
        if len(self._idle) > self._kept_sites:
            beyond.append(self._idle.pop(next(iter(self._idle))))
        for each in beyond:
            await each.close()

    def _new_session(self, permission: Permission) -> aiohttp.ClientSession:
        """Make a session: no cookies, no proxies, no common limit that one site could use up."""
        connector = aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=60,
            resolver=self._resolver,
            socket_factory=judged_sockets(permission.objection),
        )
        bound_answers(connector)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self.answer_timeout_s, connect=CONNECT_TIMEOUT_S),
            auto_decompress=False,  # a small hostile answer must not become a large one
            trust_env=False,  # a proxy would connect in our place, where nothing is judged
        )
