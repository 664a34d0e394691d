"""From a login's answer to the pages that its person runs. What is asked and read, `core.connecting` knows.

What only a business portfolio tells is added, and never takes away: a portfolio that Meta does not show costs none of
the pages that are listed without it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import SecretStr

from relay.core.connecting.listing import MAX_PIECES, MAX_PORTFOLIOS, PORTFOLIO_EDGES, ListedPage, Piece, merged
from relay.core.connecting.permissions import PORTFOLIOS, missing_in_words
from relay.core.connecting.tokens import PersonToken
from relay.core.errors import FacebookRefused, FacebookUnreachable
from shared.logs import get_logger

log = get_logger(__name__)

T = TypeVar("T")

LOGIN_LIMIT_S = 40.0
"""For all calls together: a person waits for the next page, and proxies wait for a minute."""


class LoginGraph(Protocol):
    """What is asked of Meta for a person; every method raises FacebookRefused and FacebookUnreachable."""

    async def redeem(self, code: str) -> PersonToken:
        """Exchange a code, which is good once: asked once, whatever happens."""

    async def prolong(self, token: SecretStr) -> PersonToken:
        """Exchange a token for one that lives for some 60 days."""

    async def person(self, token: SecretStr) -> str:
        """Return whose token it is: the id that this app knows the person by."""

    async def granted(self, token: SecretStr) -> frozenset[str]:
        """Return the permissions that the person granted."""

    async def pages(self, edge: str, token: SecretStr, after: str) -> Piece[ListedPage]:
        """List pages behind the cursor `after`, at `me/accounts` or at an edge of a portfolio."""

    async def portfolios(self, token: SecretStr, after: str) -> Piece[str]:
        """List the ids of the person's business portfolios."""


@dataclass(frozen=True, slots=True)
class Login:
    """What came of it."""

    pages: tuple[ListedPage, ...]
    person: str = ""
    """Who logged in, by the id that this app knows them by."""
    missing: tuple[str, ...] = ()
    """Permissions that were not granted, in words; then no pages were asked for."""
    incomplete: bool = False
    """Whether there are more pages than were asked for."""


class FacebookLogin:
    """Asks Meta."""

    def __init__(self, graph: LoginGraph, *, limit_s: float = LOGIN_LIMIT_S) -> None:
        self._graph = graph
        self._limit_s = limit_s

    async def complete(self, code: str) -> Login:
        """Exchange the code and list the pages. Raises FacebookRefused, FacebookUnreachable."""
        try:
            async with asyncio.timeout(self._limit_s):
                return await self._complete(code)
        except TimeoutError:
            raise FacebookUnreachable(f"Facebook took longer than {self._limit_s:g} s for a login") from None

    async def _complete(self, code: str) -> Login:
        person = await self._graph.redeem(code)
        if not person.lasts:
            person = await self._graph.prolong(person.token)
        granted = await self._graph.granted(person.token)
        if missing := missing_in_words(granted):
            return Login((), missing=missing)
        who = await self._graph.person(person.token)
        pages, complete = await self._pages("me/accounts", person.token)
        if PORTFOLIOS in granted:
            more, all_seen = await self._pages_of_portfolios(person.token)
            pages, complete = [*pages, *more], complete and all_seen
        return Login(merged(pages), who, incomplete=not complete)

    async def _pages_of_portfolios(self, token: SecretStr) -> tuple[list[ListedPage], bool]:
        pages: list[ListedPage] = []
        try:
            found, complete = await _all(lambda after: self._graph.portfolios(token, after))
            complete = complete and len(found) <= MAX_PORTFOLIOS
            for portfolio in found[:MAX_PORTFOLIOS]:
                for edge in PORTFOLIO_EDGES:
                    more, all_seen = await self._pages(f"{portfolio}/{edge}", token)
                    pages, complete = [*pages, *more], complete and all_seen
        except FacebookRefused as error:
            log.warning("portfolios_not_shown", reason=str(error))
            return pages, False
        return pages, complete

    async def _pages(self, edge: str, token: SecretStr) -> tuple[list[ListedPage], bool]:
        return await _all(lambda after: self._graph.pages(edge, token, after))


async def _all(ask: Callable[[str], Awaitable[Piece[T]]]) -> tuple[list[T], bool]:
    """Ask for piece after piece; returns what came, and whether that is all."""
    entries: list[T] = []
    after = ""
    for _ in range(MAX_PIECES):
        piece = await ask(after)
        entries += piece.entries
        if not piece.after or piece.after == after:
            return entries, True
        after = piece.after
    return entries, False
