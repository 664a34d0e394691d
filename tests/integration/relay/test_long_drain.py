"""A backlog of 200,000 events on its way to one site, and a probe of another: the one does not hold up the other."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from relay.adapters.redis_append import RedisAppender
from relay.adapters.rq_probes import RqSchedule, open_schedule
from relay.core import keys
from relay.core.webhook import Incoming
from tests.support import facebook
from tests.support.clock import ManualClock
from tests.support.processes import RelayProcess, relay_environment
from tests.support.receiving_site import ReceivingSite
from tests.support.redis_clock import redis_now_ms
from tests.support.relay import running_relay
from tests.support.waiting import process_does

BACKLOG, AT_ONCE = 200_000, 2_000
PAYLOAD = b'{"message":{"text":"%s"}}' % (b"x" * 300)
PROMPT_S = 4.0
"""RQ's scheduler looks once a second, its schedule knows whole seconds, and the machine may be busy."""

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def schedule(redis_url: str) -> AsyncIterator[RqSchedule]:
    async with open_schedule(redis_url) as schedule:
        yield schedule


async def parked(redis: Redis, site: str) -> None:
    async def look() -> bool:
        return await redis.hget(keys.delivery(site), "state") == b"parked"

    await process_does(look)


async def make_due(redis: Redis, schedule: RqSchedule, site: str) -> None:
    """Have the site probed now, by RQ."""
    now_ms = await redis_now_ms(redis)
    await redis.hset(keys.delivery(site), "next_attempt_ms", now_ms)
    await schedule.probe_at(site, at_ms=now_ms, attempt=1)


async def test_a_probe_comes_in_time_while_another_sites_backlog_is_drained(
    redis: Redis, redis_url: str, schedule: RqSchedule, tmp_path: Path
) -> None:
    env = relay_environment(tmp_path, RELAY_REDIS_URL=redis_url)
    async with running_relay(redis_url, tmp_path) as relay, ReceivingSite("") as large, ReceivingSite("") as small:
        for name, site, page in (("large", large, "1"), ("small", small, "2")):
            await relay.register(name, site, page)
            await site.go_down()
            assert await relay.webhook(facebook.messages(page, "first")) == 200
            await parked(redis, name)
        appender = RedisAppender(redis, clock=ManualClock())
        for _ in range(0, BACKLOG, AT_ONCE):
            await appender.append({"large": [Incoming("1", "messaging", PAYLOAD)] * AT_ONCE}, token="")
        with RelayProcess("worker", "--allow-volatile", env=env, log=tmp_path / "worker.log") as worker:
            await asyncio.to_thread(worker.logged, "worker_serves")
            await large.come_up()
            await make_due(redis, schedule, "large")
            await large.has(5_000)
            await small.come_up()
            began = asyncio.get_running_loop().time()
            await make_due(redis, schedule, "small")
            await small.has(1)
            took_s = asyncio.get_running_loop().time() - began
            still_waiting = await redis.xlen(keys.outbox("large"))

    assert took_s < PROMPT_S
    assert still_waiting > AT_ONCE
    assert small.texts == ["first"]
