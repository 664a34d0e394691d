"""Which pages a site has, without reading the directory for each that asks."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from relay.core.errors import StoreUnavailable
from relay.engine.site_pages import KEPT_S, SitePages
from tests.support.clock import ManualClock
from tests.support.waiting import soon


class Bindings:
    """A directory; counts how often it is gone through."""

    def __init__(self, *bindings: tuple[str, str]) -> None:
        self.bindings = list(bindings)
        self.scans = 0
        self.broken = False

    async def scan(self) -> AsyncIterator[tuple[str, str]]:
        """See the port."""
        self.scans += 1
        if self.broken:
            raise StoreUnavailable("away")
        for binding in self.bindings:
            await asyncio.sleep(0)
            yield binding


async def test_each_site_is_told_its_own_pages() -> None:
    pages = SitePages(Bindings(("22", "acme"), ("33", "beta"), ("11", "acme"), ("22", "acme")))

    assert await pages.of("acme") == ["11", "22"]
    assert await pages.of("beta") == ["33"]
    assert await pages.of("gamma") == []


async def test_however_many_ask_the_directory_is_read_once_a_minute_at_most() -> None:
    clock, bindings = ManualClock(), Bindings(("1", "acme"))
    pages = SitePages(bindings, clock=clock)
    await soon(asyncio.gather(*(pages.of(f"site-{number}") for number in range(50))))
    assert bindings.scans == 1
    bindings.bindings.append(("2", "acme"))
    clock.advance(KEPT_S - 1)
    assert await pages.of("acme") == ["1"]
    clock.advance(1)
    assert await pages.of("acme") == ["1", "2"]

    assert bindings.scans == 2


async def test_redis_away_is_known_to_who_asks_and_asked_again_by_the_next() -> None:
    bindings = Bindings(("1", "acme"))
    bindings.broken = True
    pages = SitePages(bindings)
    with pytest.raises(StoreUnavailable):
        await pages.of("acme")
    bindings.broken = False

    assert await pages.of("acme") == ["1"]
