"""What every test may ask for: a real Redis that is empty. Anything else a test builds from `tests.support`."""

from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from relay.adapters import redis_clients
from tests.support.redis_server import RedisServer


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
