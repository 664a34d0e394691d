"""A cluster for whoever asks: formed once, emptied for each test."""

from collections.abc import Iterator

import pytest

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
