"""A site is tried once at a time, and few at once, so that nobody can have the relay knock at doors."""

import asyncio

import pytest

from relay.core.errors import SiteNotFound, TrialUnderWay
from relay.core.site import Site
from relay.core.trial import Trial, TrialCode
from relay.engine.site_trials import AT_ONCE, SiteTrials
from shared.site_secret import new_site_secret
from tests.support.waiting import soon

FOUND = Trial("https://acme.example/relay/events", TrialCode.REACHED, "the site took it", 200, 3)


class World:
    """Sites, and a way there that a test holds open."""

    def __init__(self) -> None:
        self.pushed: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.came = asyncio.Condition()
        self.trials = SiteTrials(self.find, self)

    async def find(self, name: str) -> Site:
        """Find any site but one."""
        if name == "nobody":
            raise SiteNotFound(name)
        return Site(name, f"https://{name}.example", (new_site_secret(),), 0)

    async def push(self, site: Site) -> Trial:
        """Push when the test lets it."""
        async with self.came:
            self.pushed.append(site.name)
            self.came.notify_all()
        await self.open.wait()
        return FOUND

    async def has_pushed(self, count: int) -> None:
        """Wait until so many pushes began."""
        async with self.came:
            await soon(self.came.wait_for(lambda: len(self.pushed) >= count))


@pytest.fixture
def world() -> World:
    return World()


async def test_what_was_found_is_returned(world: World) -> None:
    assert await world.trials.run("acme") == FOUND
    assert world.pushed == ["acme"]


async def test_while_a_site_is_tried_nobody_else_has_it_tried(world: World) -> None:
    world.open.clear()
    first = asyncio.create_task(world.trials.run("acme"))
    await world.has_pushed(1)
    with pytest.raises(TrialUnderWay):
        await world.trials.run("acme")
    world.open.set()

    assert await soon(first) == FOUND
    assert await world.trials.run("acme") == FOUND
    assert world.pushed == ["acme", "acme"]


async def test_many_sites_at_once_are_too_many(world: World) -> None:
    world.open.clear()
    under_way = [asyncio.create_task(world.trials.run(f"site-{number}")) for number in range(AT_ONCE)]
    await world.has_pushed(AT_ONCE)
    with pytest.raises(TrialUnderWay):
        await world.trials.run("acme")
    world.open.set()
    await soon(asyncio.gather(*under_way))

    assert await world.trials.run("acme") == FOUND


async def test_a_site_that_is_not_there_is_not_tried_and_takes_no_place(world: World) -> None:
    for _ in range(AT_ONCE + 1):
        with pytest.raises(SiteNotFound):
            await world.trials.run("nobody")

    assert world.pushed == []


async def test_one_whose_caller_gives_up_takes_no_place_either(world: World) -> None:
    world.open.clear()
    trial = asyncio.create_task(world.trials.run("acme"))
    await world.has_pushed(1)
    trial.cancel()
    await asyncio.gather(trial, return_exceptions=True)
    world.open.set()

    assert await world.trials.run("acme") == FOUND
