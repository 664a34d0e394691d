"""Which pages each site has, for the sites themselves: the directory turned round, and kept for a minute.

The directory knows page → site only, as that is what webhooks need. Sites ask about themselves all the time, so the
answer comes from memory; the directory is read once a minute, and only while somebody asks.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from shared.clock import Clock

KEPT_S = 60.0


class BindingScan(Protocol):
    """The directory, read piece by piece."""

    def scan(self) -> AsyncIterator[tuple[str, str]]:
        """Go through page and site of every binding; one that changes meanwhile may come twice. StoreUnavailable."""


class SitePages:
    """Tells a site's pages."""

    def __init__(self, bindings: BindingScan, *, clock: Clock = time.monotonic) -> None:
        """`clock` may start anywhere: only what passes on it counts."""
        self._bindings = bindings
        self._clock = clock
        self._pages: dict[str, set[str]] = {}
        self._good_until: float | None = None
        self._reading = asyncio.Lock()

    @property
    def sites(self) -> int:
        """How many sites have pages, as of the last reading."""
        return len(self._pages)

    async def of(self, site: str) -> Sequence[str]:
        """Return the pages of a site as they were at most a minute ago, sorted. Raises StoreUnavailable."""
        async with self._reading:
            if self._good_until is None or self._clock() >= self._good_until:
                self._pages = await self._read()
                self._good_until = self._clock() + KEPT_S
        return sorted(self._pages.get(site, ()))

    async def _read(self) -> dict[str, set[str]]:
        pages: dict[str, set[str]] = {}
        async for page, site in self._bindings.scan():
            pages.setdefault(site, set()).add(page)
        return pages
