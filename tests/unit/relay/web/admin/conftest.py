"""What the admin API's tests share: the routes on a server of their own."""

from collections.abc import AsyncIterator

import pytest

from tests.support.admin_bench import Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    async with bench.client:
        yield bench
    await bench.redis.aclose()
