"""Liveness, readiness and metrics."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from relay.core.errors import StoreUnavailable
from relay.engine import metrics
from relay.web.app import build_app
from relay.web.health import HealthRoutes

Client = TestClient[web.Request, web.Application]


class Redis:
    """Takes writes, or does not."""

    away = False

    async def check(self) -> None:
        if self.away:
            raise StoreUnavailable("OutOfMemoryError: OOM")


@pytest.fixture
def redis() -> Redis:
    return Redis()


async def expose() -> bytes:
    return generate_latest()


@pytest.fixture
async def client(redis: Redis) -> AsyncIterator[Client]:
    async with TestClient(TestServer(build_app([HealthRoutes(redis.check, expose=expose)]))) as client:
        yield client


async def test_a_process_that_answers_is_alive_whatever_redis_does(client: Client, redis: Redis) -> None:
    for away in (False, True):
        redis.away = away
        answer = await client.get("/healthz")
        assert (answer.status, await answer.json()) == (200, {"status": "alive"})


async def test_it_is_ready_as_long_as_redis_takes_writes(client: Client, redis: Redis) -> None:
    assert (await client.get("/readyz")).status == 200
    redis.away = True
    answer = await client.get("/readyz")

    assert (answer.status, await answer.json()) == (
        503,
        {"status": "not ready", "redis": "OutOfMemoryError: OOM"},
    )
    redis.away = False
    assert await (await client.get("/readyz")).json() == {"status": "ready", "redis": "ok"}


async def test_metrics_are_what_prometheus_reads(client: Client) -> None:
    metrics.WEBHOOKS.labels("accepted").inc()
    answer = await client.get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(await answer.text())}

    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    ours = {"relay_webhooks", "relay_events_accepted", "relay_accept_seconds", "relay_batches", "relay_drains_running"}
    assert ours <= set(families)
    assert all(family.documentation for name, family in families.items() if name.startswith("relay_"))


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_health_can_be_asked_with_head_and_not_changed(client: Client, path: str) -> None:
    assert (await client.head(path)).status == 200
    assert (await client.post(path)).status == 405
