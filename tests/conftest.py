"""What every test may ask for: a real Redis that is empty. Anything else a test builds from `tests.support`."""

from collections.abc import AsyncIterator, Iterator

import hypothesis
import pytest
from redis.asyncio import Redis

from relay.adapters import redis_clients
from tests.support.redis_server import RedisServer

# A busy machine is no finding: what is too slow for a property shows in `--durations`.
hypothesis.settings.register_profile("tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("tests")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """Start a redis-server for the session."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """Return the address of a Redis that holds nothing."""
    redis_server.clear()
    return redis_server.url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """Return a client as the product makes it."""
    client = redis_clients.open_async(redis_url)
    yield client
    await client.aclose()
