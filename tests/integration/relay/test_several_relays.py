"""Three relays as processes, one Redis, many sites: they share the work with no coordinator; some die, or are replaced.

No worker runs, so that what a dead process leaves behind is taken over by the other web processes alone.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from redis.asyncio import Redis

from relay.core import keys
from relay.core.lease import LEASE_TTL_MS
from relay.engine.lane import FINISH_BATCHES_S
from tests.support.careful_site import CarefulSite
from tests.support.processes import RelayProcess, relay_environment
from tests.support.relay import RunningRelay
from tests.support.sender import Sender
from tests.support.waiting import process_does
from tests.world.ports import free_port

RELAYS, SITES, MESSAGES = 3, 12, 50

A_FEW_SECONDS = 6.0

pytestmark = pytest.mark.timeout(240)


@dataclass
class Place:
    """Where one relay runs; processes come and go there."""

    port: int
    redis_url: str
    folder: Path
    stack: ExitStack
    started: int = 0

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> RelayProcess:
        """Start a process there and wait until it serves."""
        self.started += 1
        env = relay_environment(self.folder, RELAY_REDIS_URL=self.redis_url, RELAY_PORT=str(self.port))
        log = self.folder / f"relay-{self.port}-{self.started}.log"
        process = self.stack.enter_context(RelayProcess("serve", "--allow-volatile", env=env, log=log))
        await asyncio.to_thread(process.logged, "relay_serves")
        return process


@pytest.fixture
async def places(redis_url: str, tmp_path: Path) -> AsyncIterator[list[Place]]:
    with ExitStack() as stack:
        yield [Place(free_port(), redis_url, tmp_path, stack) for _ in range(RELAYS)]


@pytest.fixture
async def relays(places: list[Place]) -> list[RelayProcess]:
    return list(await asyncio.gather(*(place.start() for place in places)))


@pytest.fixture
async def sites(places: list[Place], relays: list[RelayProcess]) -> AsyncIterator[list[CarefulSite]]:
    """Register sites, each with one page of its own number."""
    async with AsyncExitStack() as stack, aiohttp.ClientSession() as http:
        sites = [await stack.enter_async_context(CarefulSite()) for _ in range(SITES)]
        for number, site in enumerate(sites):
            await RunningRelay(places[0].url, http).register(f"site-{number}", site, str(number))
        yield sites


def texts(site: int) -> list[str]:
    return [f"{site}/{number}" for number in range(MESSAGES)]


class Traffic:
    """Each page's messages one after the other, all pages at once, over all relays in turn."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._sent = 0
        self._some_sent = asyncio.Condition()

    async def flow(self) -> None:
        """Send everything."""
        await asyncio.gather(*(self._talk(number) for number in range(SITES)))

    async def reaches(self, part: float) -> None:
        """Wait until so much of it was accepted."""
        async with self._some_sent:
            await self._some_sent.wait_for(lambda: self._sent >= part * SITES * MESSAGES)

    async def _talk(self, site: int) -> None:
        for text in texts(site):
            await self._sender.send(str(site), text)
            async with self._some_sent:
                self._sent += 1
                self._some_sent.notify_all()


async def everything_arrived(redis: Redis, sites: list[CarefulSite]) -> None:
    async def look() -> bool:
        waiting = [await redis.xlen(keys.outbox(f"site-{number}")) for number in range(SITES)]
        return not any(waiting) and all(len(site.first_texts) >= MESSAGES for site in sites)

    await process_does(look, within_s=60)


async def test_whoever_of_them_is_killed_nothing_is_lost_and_each_site_is_drained_by_one_at_a_time(
    places: list[Place], relays: list[RelayProcess], sites: list[CarefulSite], redis: Redis
) -> None:
    async with Sender([place.url for place in places]) as sender:
        traffic = Traffic(sender)
        flowing = asyncio.ensure_future(traffic.flow())
        await traffic.reaches(0.3)
        relays[0].process.kill()
        await traffic.reaches(0.6)
        relays[1].process.kill()
        await flowing
        await everything_arrived(redis, sites)

    assert [site.first_texts for site in sites] == [texts(number) for number in range(SITES)]
    assert {site.most_at_once for site in sites} == {1}
    assert [site.refused for site in sites] == [[]] * SITES


async def test_restarted_one_after_the_other_they_lose_repeat_and_reorder_nothing(
    places: list[Place], relays: list[RelayProcess], sites: list[CarefulSite], redis: Redis
) -> None:
    async with Sender([place.url for place in places]) as sender:
        traffic = Traffic(sender)
        flowing = asyncio.ensure_future(traffic.flow())
        for number, place in enumerate(places):
            await traffic.reaches((number + 1) / (RELAYS + 2))
            relays[number].terminate()
            assert await asyncio.to_thread(relays[number].ended) == 0
            relays[number] = await place.start()
        await flowing
        await everything_arrived(redis, sites)

    for number, site in enumerate(sites):
        assert site.first_texts == texts(number)
        again = [text for text in site.texts if site.texts.count(text) > 1]
        assert set(again) <= sender.doubtful
        assert site.most_at_once == 1


async def test_what_a_killed_relay_was_bringing_is_taken_over_within_seconds_without_traffic(
    places: list[Place], relays: list[RelayProcess], sites: list[CarefulSite], redis: Redis
) -> None:
    """The first process has the lease, as no other is asked; its site hangs with the batch when it is killed."""
    site = sites[0]
    site.silent = True
    async with Sender([places[0].url]) as sender:
        await sender.send("0", "first")
        await asyncio.wait_for(site.asked.wait(), 10)
        await sender.send("0", "second")
    relays[0].process.kill()
    site.silent = False
    loop = asyncio.get_running_loop()
    killed_at = loop.time()

    async def taken_over() -> bool:
        return not await redis.xlen(keys.outbox("site-0"))

    await process_does(taken_over, within_s=30)

    assert site.first_texts == ["first", "second"]
    assert loop.time() - killed_at < LEASE_TTL_MS / 1000 + A_FEW_SECONDS


async def test_a_site_that_hangs_holds_up_neither_the_stop_of_its_relay_nor_what_waits_for_it(
    places: list[Place], relays: list[RelayProcess], sites: list[CarefulSite], redis: Redis
) -> None:
    site = sites[0]
    site.silent = True
    async with Sender([places[0].url]) as sender:
        await sender.send("0", "first")
        await asyncio.wait_for(site.asked.wait(), 10)
        await sender.send("0", "second")
    loop = asyncio.get_running_loop()
    asked_at = loop.time()
    relays[0].terminate()
    site.silent = False

    async def brought_by_another() -> bool:
        return not await redis.xlen(keys.outbox("site-0"))

    ended = asyncio.to_thread(relays[0].ended)
    code, _ = await asyncio.gather(ended, process_does(brought_by_another, within_s=30))

    assert code == 0
    assert site.first_texts == ["first", "second"]
    assert loop.time() - asked_at < FINISH_BATCHES_S + A_FEW_SECONDS
