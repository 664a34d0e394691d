"""What contract suites run against: the stores of outboxes, and a cluster, formed once and emptied for each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from relay.adapters import redis_clients
from tests.support.outbox_stores import Store, memory_store, redis_store
from tests.support.topologies import Cluster, clustered


@pytest.fixture(scope="session")
def formed_cluster() -> Iterator[Cluster]:
    """Start three nodes for the session."""
    with clustered() as cluster:
        yield cluster


@pytest.fixture
def cluster_url(formed_cluster: Cluster) -> str:
    """Return the address of a cluster that holds nothing."""
    formed_cluster.clear()
    return formed_cluster.url


@pytest.fixture(params=["memory", "redis", "cluster"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Return each store of outboxes in turn: the fake in memory, Redis, a cluster of it."""
    if request.param == "memory":
        yield memory_store()
        return
    client = redis_clients.open_async(request.getfixturevalue(f"{request.param}_url"))
    yield redis_store(client)
    await client.aclose()
