"""Whether a Redis keeps what it is given, as it says itself: by CONFIG, or by INFO where CONFIG is not for us."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import BusyLoadingError
from structlog.testing import capture_logs

from relay.adapters.redis_persistence import check_persistence
from relay.core.checks.redis import persistence_problems
from relay.core.errors import StoreUnavailable, VolatileStore
from tests.support.own_redis import OwnRedis

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

    async def test_a_redis_that_keeps_everything_passes_without_a_word(self, keeping: Redis, redis_url: str) -> None:
        assert await keeping.ping()
        with capture_logs() as logs:
            await check_persistence(redis_url, allow_volatile=False)
        assert logs == []

    async def test_one_that_may_lose_a_second_passes_with_a_warning(self, keeping: Redis, redis_url: str) -> None:
        await keeping.config_set("appendfsync", "everysec")
        with capture_logs() as logs:
            await check_persistence(redis_url, allow_volatile=False)

        assert [(line["event"], line["appendfsync"]) for line in logs] == [("redis_syncs_late", "everysec")]

    @pytest.mark.parametrize(
        ("name", "value"), [("appendonly", "no"), ("maxmemory-policy", "allkeys-random"), ("appendfsync", "no")]
    )
    async def test_one_that_loses_events_is_refused_with_the_way_out(
        self, keeping: Redis, redis_url: str, name: str, value: str
    ) -> None:
        await keeping.config_set(name, value)
        with pytest.raises(VolatileStore, match=rf"would not keep events: `{name}` is .*--allow-volatile") as refused:
            await check_persistence(redis_url, allow_volatile=False)

        assert refused.value.exit_code == 2

    async def test_one_that_loses_events_is_taken_where_that_does_not_matter(
        self, keeping: Redis, redis_url: str
    ) -> None:
        await keeping.config_set("appendonly", "no")
        with capture_logs() as logs:
            await check_persistence(redis_url, allow_volatile=True)

        assert [line["event"] for line in logs] == ["redis_is_volatile"]

    async def test_one_that_is_away_is_our_error(self) -> None:
        with pytest.raises(StoreUnavailable):
            await check_persistence("unix:///nowhere/redis.sock", allow_volatile=True)

    async def test_one_that_loads_its_file_is_looked_at_all_the_same(self) -> None:
        """It answers webhooks with 503 until it has loaded; to start the relay later would not be sooner."""
        with OwnRedis("--appendonly", "yes", "--appendfsync", "always") as server:
            server.fill()
            server.kill()
            server.start_slowly()
            await check_persistence(server.url, allow_volatile=False)
            with server.client as client, pytest.raises(BusyLoadingError):
                client.get("a")


class TestAManagedRedis:
    """CONFIG is the provider's there."""

    @pytest.fixture
    async def managed_url(self, redis: Redis, redis_url: str) -> AsyncIterator[str]:
        await redis.acl_setuser(
            "customer", enabled=True, passwords=["+secret"], keys="*", categories=["+@all"], commands=["-config"]
        )
        yield redis_url.replace("unix://", "unix://customer:secret@")
        await redis.acl_deluser("customer")

    async def test_what_info_tells_is_believed(self, redis: Redis, managed_url: str) -> None:
        with pytest.raises(VolatileStore, match="`appendonly` is not `yes`"):
            await check_persistence(managed_url, allow_volatile=False)
        await redis.config_set("appendonly", "yes")
        await redis.config_set("maxmemory-policy", "allkeys-lru")
        try:
            with pytest.raises(VolatileStore, match="`maxmemory-policy` is `allkeys-lru`"):
                await check_persistence(managed_url, allow_volatile=False)
        finally:
            await redis.config_set("maxmemory-policy", "noeviction")
            await redis.config_set("appendonly", "no")

    async def test_one_that_keeps_everything_passes_with_the_advice_to_look(
        self, redis: Redis, managed_url: str
    ) -> None:
        await redis.config_set("appendonly", "yes")
        try:
            with capture_logs() as logs:
                await check_persistence(managed_url, allow_volatile=False)
        finally:
            await redis.config_set("appendonly", "no")

        assert [(line["event"], "appendfsync" in line["advice"]) for line in logs] == [("redis_config_hidden", True)]
