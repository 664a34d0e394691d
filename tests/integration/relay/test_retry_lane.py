"""The retry lane end to end, once: RQ's schedule, a real worker process, and nothing done by hand."""

import asyncio
from pathlib import Path

from redis.asyncio import Redis

from relay.core import keys
from tests.support import facebook
from tests.support.processes import RelayProcess, relay_environment
from tests.support.receiving_site import ReceivingSite
from tests.support.relay import running_relay
from tests.support.waiting import process_does


async def test_a_site_that_returns_is_found_by_the_worker_without_a_new_message(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    env = relay_environment(tmp_path, RELAY_REDIS_URL=redis_url)
    async with running_relay(redis_url, tmp_path) as relay, ReceivingSite("") as site:
        await relay.register("acme", site, "1")
        await site.go_down()
        assert await relay.webhook(facebook.messages("1", "a", "b", "c")) == 200
        await process_does(lambda: _scheduled(redis))
        await site.come_up()
        with RelayProcess("worker", "--allow-volatile", env=env, log=tmp_path / "worker.log") as worker:
            await site.has(3)
            worker.terminate()
            code = await asyncio.to_thread(worker.ended)

    assert site.texts == ["a", "b", "c"]
    assert code == 0
    assert [line["event"] for line in worker.lines if line["level"] != "info"] == ["redis_is_volatile"]
    assert await redis.hget(keys.delivery("acme"), "state") == b"up"
    assert await redis.zcard("rq:scheduled:probes") == 0
    assert await redis.exists(keys.lease("acme")) == 0


async def _scheduled(redis: Redis) -> bool:
    return bool(await redis.zcard("rq:scheduled:probes"))
