"""Clients of Redis, and whether a Redis keeps what it is given."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from structlog.testing import capture_logs

from relay.adapters import redis_clients
from relay.adapters.redis_clients import check_persistence, open_async, open_sync, persistence_problems
from relay.core.errors import StoreUnavailable, VolatileStore
from tests.support.peer import peer

KEEPS = {"appendonly": "yes", "maxmemory-policy": "noeviction", "appendfsync": "always"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"appendfsync": "everysec"}, [], id="a second may be lost"),
        pytest.param({"appendonly": "no"}, ["appendonly"], id="no file"),
        pytest.param({"maxmemory-policy": "allkeys-lru"}, ["maxmemory-policy"], id="evicts"),
        pytest.param({"maxmemory-policy": "volatile-ttl"}, ["maxmemory-policy"], id="evicts what has a time"),
        pytest.param({"appendfsync": "no"}, ["appendfsync"], id="never flushed"),
        pytest.param(
            {"appendonly": "no", "maxmemory-policy": "allkeys-lru", "appendfsync": "no"},
            ["appendonly", "maxmemory-policy", "appendfsync"],
            id="all at once",
        ),
    ],
)
def test_what_breaks_the_promise_is_named(change: dict[str, str], words: list[str]) -> None:
    problems = persistence_problems(KEEPS | change)

    assert len(problems) == len(words)
    assert all(word in problem for word, problem in zip(words, problems, strict=True))


def test_what_a_server_does_not_tell_is_left_open() -> None:
    assert persistence_problems({}) == []


class TestCheckPersistence:
    @pytest.fixture
    async def keeping(self, redis: Redis) -> AsyncIterator[Redis]:
        for name, value in KEEPS.items():
            await redis.config_set(name, value)
        yield redis
        for name, value in {"appendonly": "no", "maxmemory-policy": "noeviction", "appendfsync": "everysec"}.items():
            await redis.config_set(name, value)

    async def test_a_redis_that_keeps_everything_passes_without_a_word(self, keeping: Redis) -> None:
        with capture_logs() as logs:
            await check_persistence(keeping, allow_volatile=False)
        assert logs == []

    async def test_one_that_may_lose_a_second_passes_with_a_warning(self, keeping: Redis) -> None:
        await keeping.config_set("appendfsync", "everysec")
        with capture_logs() as logs:
            await check_persistence(keeping, allow_volatile=False)

        assert [(line["event"], line["appendfsync"]) for line in logs] == [("redis_syncs_late", "everysec")]

    @pytest.mark.parametrize(
        ("name", "value"), [("appendonly", "no"), ("maxmemory-policy", "allkeys-random"), ("appendfsync", "no")]
    )
    async def test_one_that_loses_events_is_refused_with_the_way_out(
        self, keeping: Redis, name: str, value: str
    ) -> None:
        await keeping.config_set(name, value)
        with pytest.raises(VolatileStore, match=rf"would not keep events: `{name}` is .*--allow-volatile") as refused:
            await check_persistence(keeping, allow_volatile=False)

        assert refused.value.exit_code == 2

    async def test_one_that_loses_events_is_taken_where_that_does_not_matter(self, keeping: Redis) -> None:
        await keeping.config_set("appendonly", "no")
        with capture_logs() as logs:
            await check_persistence(keeping, allow_volatile=True)

        assert [line["event"] for line in logs] == ["redis_is_volatile"]

    async def test_one_that_tells_nothing_passes_with_the_advice_to_look(
        self, redis: Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def unknown_command(_name: str) -> dict[str, str]:
            raise ResponseError("unknown command 'CONFIG'")

        monkeypatch.setattr(redis, "config_get", unknown_command)
        with capture_logs() as logs:
            await check_persistence(redis, allow_volatile=False)

        assert [line["event"] for line in logs] == ["redis_config_hidden"]

    async def test_one_that_is_away_is_our_error(self) -> None:
        client = open_async("unix:///nowhere/redis.sock")
        with pytest.raises(StoreUnavailable):
            await check_persistence(client, allow_volatile=True)
        await client.aclose()


class TestTheAsyncClient:
    async def test_a_redis_that_hangs_costs_one_timeout_and_no_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(redis_clients, "ANSWER_TIMEOUT_S", 0.2)
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
        assert elapsed_s < 2 * 0.2

    def test_one_timeout_leaves_time_to_answer_meta(self) -> None:
        assert redis_clients.ANSWER_TIMEOUT_S < 5.0
        assert redis_clients.CONNECT_TIMEOUT_S < 5.0

    async def test_a_kept_connection_that_a_restart_has_closed_costs_nothing(self) -> None:
        connections = 0

        async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            while (line := await reader.readline()) and b"PING" not in line:
                if b"CLIENT" in line:
                    writer.write(b"+OK\r\n")
            writer.write(b"+PONG\r\n")
            await writer.drain()

        async with peer(answer_once) as address:
            client = open_async(f"redis://{address}?protocol=2")
            assert await client.ping()
            assert await client.ping()
            await client.aclose()

        assert connections == 2

    async def test_a_redis_that_is_away_is_asked_twice_at_once_and_that_is_all(self) -> None:
        client = open_async("redis://127.0.0.1:1")
        with pytest.raises(RedisConnectionError):
            await client.ping()
        await client.aclose()


def test_the_sync_client_speaks_to_the_same_server(redis_url: str) -> None:
    with open_sync(redis_url) as client:
        assert client.ping()
