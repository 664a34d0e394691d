"""`relay check` where Redis is several servers, real ones: a master that Sentinels watch, and a cluster."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from relay.core.checks import redis
from tests.integration.relay.cli.check.report import Run, know_all, lines_of
from tests.support.graph_thread import GraphThread
from tests.support.relay import ADMIN_TOKEN
from tests.support.relay_thread import RelayThread
from tests.support.topologies import Cluster, Watched, clustered, watched

pytestmark = pytest.mark.xdist_group("several servers")


@pytest.fixture(scope="module")
def service() -> Iterator[Watched]:
    with watched() as service:
        yield service


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with clustered() as cluster:
        yield cluster


@pytest.fixture
def on_service(
    run: Run, service: Watched, graph: GraphThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    """Return a runner of commands beside a relay on the watched service."""
    with RelayThread(service.url, tmp_path / "server") as relay:
        know_all(monkeypatch, graph, relay, redis_url=service.url, data_dir=tmp_path / "server")
        monkeypatch.setenv("RELAY_ADMIN_TOKEN", ADMIN_TOKEN)
        monkeypatch.setenv("RELAY_ADMIN_URL", relay.url)
        yield run


@pytest.fixture
def on_cluster(
    run: Run, cluster: Cluster, redis_url: str, graph: GraphThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    """Return a runner of commands beside a relay on the cluster, with another Redis for RQ."""
    with RelayThread(cluster.url, tmp_path / "server", rq_redis_url=SecretStr(redis_url)) as relay:
        know_all(monkeypatch, graph, relay, redis_url=cluster.url, data_dir=tmp_path / "server")
        monkeypatch.setenv("RELAY_RQ_REDIS_URL", redis_url)
        monkeypatch.setenv("RELAY_ADMIN_TOKEN", ADMIN_TOKEN)
        monkeypatch.setenv("RELAY_ADMIN_URL", relay.url)
        yield run


class TestSentinel:
    def test_master_and_replicas_are_looked_at_and_each_is_named(
        self, on_service: Run, service: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RELAY_REDIS_WAIT_REPLICAS", "2")
        ended = on_service("check", "--json")
        lines = lines_of(ended)

        assert ended.code == 0, ended.out
        for server in (service.master, *service.replicas):
            assert f"127.0.0.1:{server.port} is " in lines["Redis version"]["words"]
        assert lines["Redis replicas"]["words"] == "2 follow the master, 2 must have an event before its 200"
        for name in ("Redis version", "Redis persistence", "Redis replicas", "Redis clock", "master key"):
            assert lines[name]["outcome"] == "passed"

    def test_a_replica_that_keeps_nothing_fails_by_name_as_it_may_be_the_next_master(
        self, on_service: Run, service: Watched
    ) -> None:
        replica = service.replicas[1]
        with replica.client as client:
            client.config_set("appendonly", "no")
            ended = on_service("check", "--json")
            client.config_set("appendonly", "yes")
        line = lines_of(ended)["Redis persistence"]

        assert (ended.code, line["outcome"], line["remedy"]) == (1, "failed", redis.KEEP)
        assert line["words"] == f"127.0.0.1:{replica.port}: `appendonly` is not `yes`: a restart loses events"

    def test_fewer_replicas_than_an_event_needs_fail(self, on_service: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RELAY_REDIS_WAIT_REPLICAS", "3")
        line = lines_of(on_service("check", "--json"))["Redis replicas"]

        assert line["outcome"] == "failed"
        assert line["words"] == "2 follow the master, and RELAY_REDIS_WAIT_REPLICAS wants 3"

    def test_sentinels_that_know_no_such_service_fail_in_words(
        self, on_service: Run, service: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RELAY_REDIS_URL", service.url.removesuffix("main") + "other")
        ended = on_service("check", "--json")
        line = lines_of(ended)["Redis"]

        assert (ended.code, line["outcome"], line["remedy"]) == (1, "failed", redis.AWAY)
        assert "cannot be used" in line["words"]


class TestCluster:
    def test_every_node_is_looked_at_and_rqs_redis_too(self, on_cluster: Run, cluster: Cluster) -> None:
        ended = on_cluster("check", "--json")
        lines = lines_of(ended)

        assert ended.code == 0, ended.out
        for node in cluster.nodes:
            assert f"127.0.0.1:{node.port} is " in lines["Redis version"]["words"]
        for name in ("Redis version", "Redis persistence", "Redis clock", "master key", "RQ's Redis version"):
            assert lines[name]["outcome"] == "passed"

    def test_one_node_that_evicts_fails_by_name(self, on_cluster: Run, cluster: Cluster) -> None:
        node = cluster.nodes[2]
        with node.client as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            ended = on_cluster("check", "--json")
            client.config_set("maxmemory-policy", "noeviction")
        line = lines_of(ended)["Redis persistence"]

        assert (ended.code, line["outcome"]) == (1, "failed")
        assert line["words"].startswith(f"127.0.0.1:{node.port}: `maxmemory-policy` is `allkeys-lru`")

    def test_without_a_redis_for_rq_the_setting_fails(self, on_cluster: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("RELAY_RQ_REDIS_URL")
        ended = on_cluster("check", "--json")

        assert ended.code == 1
        assert "RELAY_RQ_REDIS_URL: missing: RELAY_REDIS_URL is a cluster" in lines_of(ended)["settings"]["words"]
