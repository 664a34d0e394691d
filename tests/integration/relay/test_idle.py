"""Idle is silent: what a whole relay sends Redis while nothing happens, counted there, with few sites and many."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis.asyncio import Redis

from relay.adapters.redis_backlog import mark
from relay.adapters.redis_sites import RedisSites
from relay.bootstrap.parts import vault_of
from relay.core import keys
from relay.core.site import Site
from relay.engine.sweep import SWEEP_EVERY_S
from shared.site_secret import new_site_secret
from tests.support.command_count import commands_sent
from tests.support.processes import RelayProcess, relay_environment
from tests.support.redis_clock import redis_now_ms
from tests.support.relay import relay_settings
from tests.support.waiting import process_does
from tests.world.ports import free_port

WEB_PROCESSES, WORKERS = 3, 2
MOST_A_SECOND = 5.0
WINDOW_S = 12.0
WAITING = 300
"""Of each kind: paused sites, parked sites and unclaimed pages for which something waits."""

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def relay(redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[None]:
    """Run web processes and workers on one Redis, until all of them have settled."""
    with ExitStack() as stack:
        started = []
        for number in range(WEB_PROCESSES + WORKERS):
            command = ["serve" if number < WEB_PROCESSES else "worker", "--allow-volatile"]
            env = relay_environment(tmp_path, RELAY_REDIS_URL=redis_url, RELAY_PORT=str(free_port()))
            started.append(stack.enter_context(RelayProcess(*command, env=env, log=tmp_path / f"{number}.log")))
        for number, process in enumerate(started):
            event = "relay_serves" if number < WEB_PROCESSES else "worker_serves"
            await asyncio.to_thread(process.logged, event)
        await asyncio.sleep(2 * SWEEP_EVERY_S)  # until one of them sweeps and the others know
        yield


async def register(redis: Redis, folder: Path, numbers: range) -> None:
    sites = RedisSites(redis, vault_of(relay_settings(folder)))
    for number in numbers:
        await sites.add(Site(f"site-{number}", "https://a.example", (new_site_secret(),), 0))


async def leave_waiting(redis: Redis) -> None:
    """Let events wait for sites and pages that nobody can bring them to, and the sweep have its look at each."""
    ahead_ms = await redis_now_ms(redis) + 3_600_000
    for number in range(WAITING):
        for name, state in ((f"site-{number}", "paused"), (f"site-{WAITING + number}", "parked"), (f"~{number}", "up")):
            await redis.xadd(keys.outbox(name), {"p": "1", "k": "messaging", "d": "{}"})
            await redis.hset(keys.delivery(name), mapping={"state": state, "next_attempt_ms": ahead_ms})
            await mark(redis, name)

    async def all_looked_at() -> bool:
        return not await redis.zcount(keys.BACKLOG, 0, await redis_now_ms(redis) + 60_000)

    await process_does(all_looked_at, within_s=30)


async def sent_meanwhile(redis: Redis) -> Counter[str]:
    """Return which commands were sent while nothing happened."""
    async with commands_sent(redis) as sent:
        await asyncio.sleep(WINDOW_S)  # what is measured is a rate: time itself must pass
    return Counter(sent)


async def test_with_one_site_and_with_two_thousand_it_is_a_few_commands_a_second(
    redis: Redis, relay: None, tmp_path: Path
) -> None:
    await register(redis, tmp_path, range(1))
    with_one = await sent_meanwhile(redis)
    await register(redis, tmp_path, range(1, 2000))
    await leave_waiting(redis)
    with_many = await sent_meanwhile(redis)

    assert with_one.total() / WINDOW_S <= MOST_A_SECOND, with_one
    assert with_many.total() / WINDOW_S <= MOST_A_SECOND, with_many
    assert with_one["EVALSHA"] >= WINDOW_S / SWEEP_EVERY_S - 1  # somebody sweeps
