"""Workers that are killed at every point of a probe: nothing is lost, and the next one goes on within seconds.

RQ itself would find some of these after ten minutes, and the lock of a dead scheduler after one. The sweep waits for
neither.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from relay.core import keys
from relay.core.lease import LEASE_TTL_MS
from relay.engine.sweep import OVERDUE_AFTER_S
from tests.support import facebook
from tests.support.careful_site import CarefulSite
from tests.support.dying_worker import PHASES
from tests.support.processes import RelayProcess, relay_environment
from tests.support.relay import RunningRelay, running_relay
from tests.support.waiting import process_does

TEXTS = [f"text {number}" for number in range(25)]
SECOND_RUNG_S = 6.0
START_S = 6.0
WITHIN_S = LEASE_TTL_MS / 1000 + OVERDUE_AFTER_S + SECOND_RUNG_S + START_S
"""The lease of the dead, the patience with its probe, where it parked the site the next rung, and a start of Python."""

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def relay(redis_url: str, tmp_path: Path) -> AsyncIterator[RunningRelay]:
    """Run a web process that does not sweep, so that workers alone can bring a site back."""
    async with running_relay(redis_url, tmp_path) as relay:
        yield relay


@pytest.mark.parametrize("phase", PHASES)
async def test_wherever_a_worker_is_killed_another_one_goes_on(
    relay: RunningRelay, redis: Redis, redis_url: str, tmp_path: Path, phase: str
) -> None:
    env = relay_environment(tmp_path, RELAY_REDIS_URL=redis_url)
    async with CarefulSite() as site:
        await relay.register("acme", site, "1")
        await site.go_down()
        assert await relay.webhook(facebook.messages("1", *TEXTS)) == 200

        async def parked() -> bool:
            return bool(await redis.zcard("rq:scheduled:probes"))

        await process_does(parked)
        if phase != "with the site parked":
            await site.come_up()
        dying = RelayProcess(phase, env=env, log=tmp_path / "dying.log", module="tests.support.dying_worker")
        with dying:
            assert await asyncio.to_thread(dying.ended) == -signal.SIGKILL
        if phase == "with the site parked":
            await site.come_up()
        with RelayProcess("worker", "--allow-volatile", env=env, log=tmp_path / "worker.log"):
            began = asyncio.get_running_loop().time()

            async def all_there() -> bool:
                return not await redis.xlen(keys.outbox("acme"))

            await process_does(all_there, within_s=60)
            took_s = asyncio.get_running_loop().time() - began

    assert site.first_texts == TEXTS
    assert site.most_at_once == 1
    assert took_s < WITHIN_S
