"""Clients of Redis: how long they wait, how often they ask, and when they leave a connection."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from relay.adapters import redis_clients
from relay.adapters.redis_clients import open_async, open_sync
from relay.adapters.redis_links import Demoted
from relay.adapters.scripts import CLAIM
from relay.core.redis_address import BadRedisAddress
from tests.support.own_redis import OwnRedis
from tests.support.peer import peer

TIMEOUT_S = 1.0
"""So much more than a busy machine needs that two of them cannot be taken for one."""


class TestTheAsyncClient:
    async def test_a_redis_that_hangs_costs_one_timeout_and_no_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(redis_clients, "ANSWER_TIMEOUT_S", TIMEOUT_S)
        asked = 0

        async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            nonlocal asked
            asked += 1
            await reader.read()

        async with peer(hang) as address:
            client = open_async(f"redis://{address}")
            started = time.monotonic()
            with pytest.raises(RedisTimeoutError):
                await client.ping()
            elapsed_s = time.monotonic() - started
            await client.aclose()

        assert asked == 1
        assert elapsed_s < 2 * TIMEOUT_S

    def test_one_timeout_leaves_time_to_answer_meta(self) -> None:
        assert redis_clients.ANSWER_TIMEOUT_S < 5.0
        assert redis_clients.CONNECT_TIMEOUT_S < 5.0

    async def test_a_kept_connection_that_a_restart_has_closed_costs_nothing(
        self, redis: Redis, redis_url: str
    ) -> None:
        client = open_async(redis_url)
        assert await client.ping()
        await redis.client_kill_filter(_type="normal", skipme=True)
        assert await client.ping()
        await client.aclose()

    async def test_a_redis_that_is_away_is_asked_twice_at_once_and_that_is_all(self) -> None:
        client = open_async("redis://127.0.0.1:1")
        with pytest.raises(RedisConnectionError):
            await client.ping()
        await client.aclose()

    async def test_one_connection_that_breaks_takes_those_along_that_nobody_uses(
        self, redis_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """They lead to the same server: each would find out for itself, a timeout at a time."""
        monkeypatch.setattr(redis_clients, "ANSWER_TIMEOUT_S", 0.1)
        client = open_async(redis_url)
        before = set(await asyncio.gather(*(client.client_id() for _ in range(10))))
        with pytest.raises(RedisTimeoutError):
            await client.blpop(["nothing comes here"], timeout=5)
        after = set(await asyncio.gather(*(client.client_id() for _ in range(10))))
        await client.aclose()

        assert len(before) == len(after) == 10
        assert not before & after


class TestADemotedMaster:
    """As after a failover: the server lives, keeps our connections, and refuses every write."""

    @pytest.fixture
    async def replica(self) -> AsyncIterator[OwnRedis]:
        with OwnRedis() as server:
            yield server

    @staticmethod
    def demote(server: OwnRedis) -> None:
        with server.client as client:
            client.replicaof("127.0.0.1", "1")

    async def test_its_connections_are_left_when_it_refuses(self, replica: OwnRedis) -> None:
        client = open_async(replica.url)
        before = await client.client_id()
        self.demote(replica)
        with pytest.raises(Demoted):
            await client.set("a", "b")
        after = await client.client_id()
        await client.aclose()

        assert before != after

    async def test_they_are_left_also_when_a_script_finds_out(self, replica: OwnRedis) -> None:
        client = open_async(replica.url)
        self.demote(replica)
        with pytest.raises(Demoted, match=r"(?i)read.?only"):
            await CLAIM.run(client, ["{a}1", "{a}2"], ["t1", "1000", ""])
        await client.aclose()

    async def test_they_are_left_when_it_refuses_to_read(self, replica: OwnRedis) -> None:
        client = open_async(replica.url)
        await client.config_set("replica-serve-stale-data", "no")
        self.demote(replica)
        with pytest.raises(Demoted, match="MASTER is down"):
            await client.get("a")
        await client.aclose()

    async def test_a_pipeline_finds_out_too(self, replica: OwnRedis) -> None:
        client = open_async(replica.url)
        self.demote(replica)
        pipeline = client.pipeline(transaction=False)
        pipeline.get("a")
        pipeline.set("a", "b")
        with pytest.raises(Demoted):
            await pipeline.execute(raise_on_error=False)
        await client.aclose()

    def test_rq_leaves_them_too(self, replica: OwnRedis) -> None:
        with open_sync(replica.url) as client:
            before = client.client_id()
            self.demote(replica)
            with pytest.raises(Demoted):
                client.set("a", "b")
            assert before != client.client_id()

    async def test_once_it_is_master_again_the_same_client_goes_on(self, replica: OwnRedis) -> None:
        client = open_async(replica.url)
        self.demote(replica)
        with pytest.raises(Demoted):
            await client.set("a", "b")
        with replica.client as operator:
            operator.replicaof("NO", "ONE")
        assert await client.set("a", "b")
        await client.aclose()


class TestTheSyncClient:
    def test_it_speaks_to_the_same_server(self, redis_url: str) -> None:
        with open_sync(redis_url) as client:
            assert client.ping()

    def test_it_waits_no_longer_than_the_other(self, monkeypatch: pytest.MonkeyPatch, frozen: OwnRedis) -> None:
        monkeypatch.setattr(redis_clients, "ANSWER_TIMEOUT_S", TIMEOUT_S)
        started = time.monotonic()
        with open_sync(frozen.url) as client, pytest.raises(RedisTimeoutError):
            client.ping()

        assert time.monotonic() - started < 2 * TIMEOUT_S

    def test_a_cluster_is_none_for_rq(self) -> None:
        with pytest.raises(BadRedisAddress, match="RQ does not work"):
            open_sync("redis+cluster://a")

    @pytest.fixture
    def frozen(self) -> Iterator[OwnRedis]:
        with OwnRedis() as server:
            server.freeze()
            yield server
