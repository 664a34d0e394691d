"""A cluster of three nodes, for real: each site in a slot of its own, bodies over many slots, nodes that die and move.

RQ keeps its schedule in another Redis, as it works on no cluster.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from relay.core import keys
from tests.support import facebook
from tests.support.chatter import META_GETS_ITS_ANSWER_WITHIN_S
from tests.support.stage import Stage, stage
from tests.support.topologies import Cluster, cluster_node, clustered
from tests.world.ports import free_port

SITES = 24

pytestmark = pytest.mark.xdist_group("one cluster for its failures")


@pytest.fixture(scope="module")
def formed() -> Iterator[Cluster]:
    with clustered() as cluster:
        yield cluster


@pytest.fixture
def cluster(formed: Cluster) -> Cluster:
    formed.clear()
    return formed


@pytest.fixture
async def play(cluster: Cluster, redis_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(cluster.url, tmp_path, sites=SITES, rq_redis_url=SecretStr(redis_url)) as play:
        yield play


async def test_bodies_about_many_sites_reach_each_of_them_in_order(play: Stage, cluster: Cluster) -> None:
    texts = [f"{number}" for number in range(20)]
    for text in texts:
        entries = [facebook.entry(page, facebook.message(page, text)) for page in play.sites]
        assert await play.relay.webhook(facebook.body(*entries)) == 200
    for site in play.sites.values():
        await site.has(len(texts))

    assert all(site.texts == texts for site in play.sites.values())
    assert {cluster.node_of(keys.outbox(f"s{page}")) for page in play.sites} == set(cluster.nodes)
    status = await play.relay.admin("GET", "/status")
    assert [site["delivery"]["delivered"] for site in status["sites"]] == [20] * SITES


async def test_a_node_that_dies_and_comes_back_loses_nothing(play: Stage, cluster: Cluster) -> None:
    async with play.chatting() as chat:
        cluster.nodes[1].kill()
        await chat.refused()
        cluster.nodes[1].start()
        await chat.accepted(3)
    await chat.delivered(play.sites)

    assert chat.refusals == {503}
    assert chat.slowest_s < META_GETS_ITS_ANSWER_WITHIN_S


async def test_a_node_that_hangs_costs_meta_no_patience(play: Stage, cluster: Cluster) -> None:
    async with play.chatting() as chat:
        cluster.nodes[2].freeze()
        await chat.refused()
        cluster.nodes[2].thaw()
        await chat.accepted(3)
    await chat.delivered(play.sites)

    assert chat.refusals == {503}
    assert chat.slowest_s < META_GETS_ITS_ANSWER_WITHIN_S


async def test_a_site_whose_slot_moves_to_another_node_loses_nothing(play: Stage, cluster: Cluster) -> None:
    async with play.chatting() as chat:
        for page in list(play.sites)[:3]:
            key = keys.outbox(f"s{page}")
            home = cluster.node_of(key)
            away = cluster.nodes[(cluster.nodes.index(home) + 1) % 3]
            await asyncio.to_thread(cluster.move_slot, key, home, away)
            await chat.accepted()
            await asyncio.to_thread(cluster.move_slot, key, away, home)
            await chat.accepted()
    await chat.delivered(play.sites)


async def test_a_node_that_is_replaced_by_its_replica_and_ends_costs_nothing(play: Stage, cluster: Cluster) -> None:
    """The last test of this cluster."""
    old = cluster.nodes[0]
    with cluster_node(free_port()) as replica:
        async with play.chatting() as chat:
            await asyncio.to_thread(cluster.replace, old, replica)
            old.kill()
            await chat.accepted(3)
        await chat.delivered(play.sites)

    assert chat.refusals <= {503}
    assert chat.slowest_s < META_GETS_ITS_ANSWER_WITHIN_S
