"""What Redis does with an announcement. The contract itself is in `test_announcing_contract.py`."""

from collections.abc import Awaitable, Callable
from itertools import count
from types import ModuleType

import pytest
from redis.asyncio import Redis

from relay.adapters import redis_backlog as backlog
from relay.adapters import redis_ready, redis_status
from relay.adapters.redis_append import RedisAppender
from relay.adapters.redis_backlog import RedisBacklog
from relay.adapters.redis_drain import RedisDrain
from relay.adapters.redis_ready import RedisAnnouncements
from relay.adapters.redis_status import RedisStatus
from relay.core import keys
from relay.core.delivery import DeliveryState
from relay.core.errors import StoreUnavailable
from relay.engine.announcing import Announced
from relay.engine.sweep import Rank, Sweep, Swept
from tests.support.clock import ManualClock
from tests.support.fakes import incoming

WAIT_S = 600.0


class FakeLane:
    """Fits `engine.sweep.Claims`."""

    async def claim(self, _outbox: str) -> bool:
        return True


async def parked_with_an_event(redis: Redis) -> RedisDrain:
    """Let an event wait for a site that failed."""
    drain = RedisDrain(redis, clock=ManualClock())
    await RedisAppender(redis, clock=ManualClock()).append({"acme": incoming("1", "a")}, token="t1")
    await drain.park("acme", token="t1", wait_s=WAIT_S, reason="away")
    return drain


async def test_why_a_site_was_parked_and_since_when_is_kept_until_a_batch_gets_through(redis: Redis) -> None:
    await parked_with_an_event(redis)
    await RedisAnnouncements(redis).ready("acme")
    fields = await redis.hkeys(keys.delivery("acme"))

    kept = {b"state", b"last_error", b"last_error_ms", b"parked_since_ms", b"failures"}
    assert set(fields) == kept | {b"waiting_bytes"}


async def test_a_site_that_nobody_ever_parked_gets_no_record(redis: Redis) -> None:
    await RedisAnnouncements(redis).ready("acme")

    assert await redis.keys("*") == []


async def test_the_mark_for_a_drain_under_way_is_gone_after_its_next_failure(redis: Redis) -> None:
    drain = await parked_with_an_event(redis)
    await drain.claim("acme", token="t2")
    await RedisAnnouncements(redis).ready("acme")
    assert await redis.hget(keys.delivery("acme"), "ready") == b"t2"
    await drain.park("acme", token="t2", wait_s=WAIT_S, reason="away")

    assert not await redis.hexists(keys.delivery("acme"), "ready")
    assert await redis.get(keys.lease("acme")) == b"t2"


async def test_a_full_redis_still_takes_an_announcement_as_only_draining_makes_room(redis: Redis) -> None:
    drain = await parked_with_an_event(redis)
    await drain.claim("acme", token="t2")
    await redis.config_set("maxmemory", 1)
    announced = await RedisAnnouncements(redis).ready("acme")

    assert announced == Announced(DeliveryState.PARKED, 1, draining=True)
    assert await redis.hget(keys.delivery("acme"), "ready") == b"t2"


async def test_redis_away_is_our_error(redis: Redis) -> None:
    await redis.set(keys.outbox("acme"), "not a stream")
    with pytest.raises(StoreUnavailable, match="WRONGTYPE"):
        await RedisAnnouncements(redis).ready("acme")


class Killed(BaseException):
    """The process died here."""


def dying_at(monkeypatch: pytest.MonkeyPatch, module: ModuleType, *, mark: int) -> None:
    """Have a process die instead of setting this mark, counted from 0."""
    marks, real = count(), backlog.mark

    async def die(redis: Redis, outbox: str) -> None:
        if next(marks) == mark:
            raise Killed
        await real(redis, outbox)

    monkeypatch.setattr(module, "mark", die)


async def announce(redis: Redis) -> None:
    """Say that the site is ready."""
    await RedisAnnouncements(redis).ready("acme")


async def resume(redis: Redis) -> None:
    """Resume the site as an operator does."""
    await RedisStatus(redis).resume("acme")


@pytest.mark.parametrize(
    ("module", "say"),
    [pytest.param(redis_ready, announce, id="ready"), pytest.param(redis_status, resume, id="resume")],
)
async def test_a_site_is_looked_at_within_seconds_though_the_process_that_heard_of_it_dies_at_once(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, module: ModuleType, say: Callable[[Redis], Awaitable[None]]
) -> None:
    await parked_with_an_event(redis)
    sweep = Sweep(RedisBacklog(redis), FakeLane(), rank=Rank.WORKER, token="w")
    assert await sweep.once() == Swept(mine=True)
    dying_at(monkeypatch, module, mark=1)
    with pytest.raises(Killed):
        await say(redis)

    assert await sweep.once() == Swept(mine=True, started=1)


@pytest.mark.parametrize(
    ("module", "say"),
    [pytest.param(redis_ready, announce, id="ready"), pytest.param(redis_status, resume, id="resume")],
)
async def test_a_sweep_that_looks_too_early_is_told_to_look_again(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, module: ModuleType, say: Callable[[Redis], Awaitable[None]]
) -> None:
    await parked_with_an_event(redis)
    sweep = Sweep(RedisBacklog(redis), FakeLane(), rank=Rank.WORKER, token="w")
    real = backlog.mark

    async def mark_and_sweep(redis: Redis, outbox: str) -> None:
        await real(redis, outbox)
        monkeypatch.setattr(module, "mark", real)
        assert await sweep.once() == Swept(mine=True)

    monkeypatch.setattr(module, "mark", mark_and_sweep)
    await say(redis)

    assert await sweep.once() == Swept(mine=True, started=1)
