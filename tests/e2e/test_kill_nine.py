"""`kill -9` in the middle of traffic: whatever got its 200 is in the site's database, once and in order."""

import asyncio
import signal
from collections.abc import Callable, Coroutine

import psutil
import pytest

from tests.e2e.conftest import NewSite
from tests.simulators.graph import GraphSimulator
from tests.world.inbox import Inbox
from tests.world.process import Server
from tests.world.watching import eventually

PAGE, ADA = "1122", "9001"
BEFORE, AFTER = 60, 60

Kill = Callable[[Server, Server], Coroutine[None, None, None]]

pytestmark = pytest.mark.timeout(240)


async def kill_site(_relay: Server, site: Server) -> None:
    await site.kill()
    await site.start()


async def kill_relay(relay: Server, _site: Server) -> None:
    await relay.kill()
    await relay.start()


async def kill_worker(relay: Server, _site: Server) -> None:
    children = psutil.Process(relay.pid).children()
    worker = next(child for child in children if "worker" in child.cmdline())
    worker.send_signal(signal.SIGKILL)


async def kill_redis(relay: Server, _site: Server) -> None:
    children = psutil.Process(relay.pid).children()
    redis = next(child for child in children if "redis-server" in child.name() or "redis-server" in child.cmdline()[0])
    redis.send_signal(signal.SIGKILL)


@pytest.mark.parametrize(
    "kill",
    [
        pytest.param(kill_site, id="site"),
        pytest.param(kill_relay, id="relay run"),
        pytest.param(kill_worker, id="worker"),
        pytest.param(kill_redis, id="redis"),
    ],
)
async def test_nothing_is_lost_doubled_or_reordered(
    graph: GraphSimulator,
    relay: Server,
    new_site_at: NewSite,
    kill: Kill,
) -> None:
    graph.add_page(PAGE, name="Acme", token="EAA" + "t" * 60)
    graph.add_person(page_id=PAGE, psid=ADA, name="Ada Lovelace")
    site = await new_site_at("acme")
    await site.start()
    await relay.command("bind", PAGE, "acme")
    texts = [f"message {n}" for n in range(BEFORE + AFTER)]

    killing: asyncio.Task[None] | None = None
    for number, text in enumerate(texts):
        if number == BEFORE:
            killing = asyncio.create_task(kill(relay, site))
        await say_until_accepted(graph, text)
    assert killing is not None
    await killing

    arrived = await eventually(lambda: Inbox(site).texts(ADA), lambda found: len(found) >= len(texts), within_s=60)
    assert arrived == texts
    conversations = await Inbox(site).conversations()
    assert len(conversations) == 1


async def say_until_accepted(graph: GraphSimulator, text: str) -> None:
    """Say something; when it is not answered with 200, post the same body again, as Meta does."""
    await graph.customer_says(PAGE, ADA, text)
    while graph.undelivered:
        await asyncio.sleep(0.05)
        await graph.retry_undelivered()
