"""What the front door's tests share: a door that is open."""

from collections.abc import AsyncIterator

import pytest

from tests.support.door_bench import Bench
from tests.support.waiting import soon


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    await bench.open()
    async with bench.callers:
        yield bench
    await soon(bench.stack.aclose())
