"""A watchdog, a page that is connected and subscribed, and a simulated Facebook."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from relay.core.page import FIELDS
from shared.exchange import new_platform_session
from tests.integration.relay.watchdog.bench import PAGE, TOKEN, Bench
from tests.simulators.graph import GraphSimulator


@pytest.fixture
async def bench(redis: Redis) -> AsyncIterator[Bench]:
    async with GraphSimulator() as graph, new_platform_session() as session:
        graph.add_page(PAGE, name="Acme", token=TOKEN, subscribed_fields=FIELDS)
        bench = Bench(redis, graph, session)
        await bench.register()
        await bench.connect()
        yield bench
        await bench.writer.close()
