"""The pace of the sweep, and that nothing ends it."""

import asyncio

import pytest
from structlog.testing import capture_logs

from relay.adapters.redis_backlog import SWEEPER_TTL_MS
from relay.core.errors import StoreUnavailable
from relay.core.lease import LEASE_TTL_MS
from relay.engine import sweeper as sweeper_module
from relay.engine.sweep import SWEEP_EVERY_S, Rank, Sweep
from relay.engine.sweeper import CHANGES_EVERY_SWEEPS, STANDBY_EVERY_S, Sweeper
from tests.support.clock import ManualClock
from tests.support.fakes import incoming
from tests.support.memory_outboxes import MemoryOutboxes
from tests.support.waiting import soon, turn_over


class Changes:
    """Fits `engine.sweeper.Changes`."""

    def __init__(self) -> None:
        self.asked = 0

    async def finish_interrupted(self) -> int:
        self.asked += 1
        return 0


class Lane:
    """Fits `engine.sweep.Claims`."""

    async def claim(self, outbox: str) -> bool:
        return bool(outbox)


@pytest.fixture
def store() -> MemoryOutboxes:
    return MemoryOutboxes(ManualClock())


def sweeper(store: MemoryOutboxes, changes: Changes | None = None, name: str = "1") -> Sweeper:
    return Sweeper(Sweep(store, Lane(), rank=Rank.WORKER, token=name), changes or Changes())


async def test_who_sweeps_does_so_often_and_who_stands_by_rarely(store: MemoryOutboxes) -> None:
    first, second = sweeper(store), sweeper(store, name="2")

    assert [await first.once(), await second.once()] == [SWEEP_EVERY_S, STANDBY_EVERY_S]


async def test_changes_of_bindings_are_looked_at_now_and_then_by_who_sweeps(store: MemoryOutboxes) -> None:
    mine, others = Changes(), Changes()
    first, second = sweeper(store, mine), sweeper(store, others, name="2")
    for _ in range(2 * CHANGES_EVERY_SWEEPS + 1):
        await first.once()
        await second.once()

    assert (mine.asked, others.asked) == (3, 0)


async def test_drains_that_it_starts_are_logged(store: MemoryOutboxes) -> None:
    await store.append({"acme": incoming("1", "a")}, token="")
    with capture_logs() as logs:
        await sweeper(store).once()

    assert [(line["event"], line["count"]) for line in logs] == [("sweep_started_drains", 1)]


async def test_it_goes_on_until_it_is_asked_to_stop_and_outlives_redis_being_away(
    store: MemoryOutboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper_module, "SWEEP_EVERY_S", 0.0)
    stop, tries = asyncio.Event(), list[str]()

    def away_twice(name: str) -> None:
        tries.append(name)
        if len(tries) == 5:
            stop.set()
        if len(tries) < 3:
            raise StoreUnavailable("away")

    store.before_call = away_twice
    with capture_logs() as logs:
        await soon(sweeper(store).run(stop))

    assert tries == ["take"] * 5
    assert [line["event"] for line in logs] == ["sweep_waits_for_redis"] * 2


async def test_asked_to_stop_it_waits_for_no_next_time(store: MemoryOutboxes) -> None:
    stop = asyncio.Event()
    running = asyncio.ensure_future(sweeper(store).run(stop))
    await turn_over()
    stop.set()
    await soon(running)

    assert store.calls == ["take"]


async def test_a_fault_in_it_is_logged_and_costs_one_sweep(store: MemoryOutboxes) -> None:
    def fail(_name: str) -> None:
        store.before_call = lambda _name: None
        raise ZeroDivisionError

    store.before_call = fail
    running = sweeper(store)
    with capture_logs() as logs:
        assert [await running.once(), await running.once()] == [SWEEP_EVERY_S] * 2

    assert [line["event"] for line in logs] == ["sweep_failed"]


async def test_a_change_that_cannot_be_looked_at_is_looked_at_with_the_next_sweep(store: MemoryOutboxes) -> None:
    class Away(Changes):
        async def finish_interrupted(self) -> int:
            await super().finish_interrupted()
            raise StoreUnavailable("away")

    changes = Away()
    running = sweeper(store, changes)
    for _ in range(3):
        assert await running.once() == SWEEP_EVERY_S

    assert changes.asked == 3


def test_a_dead_process_is_missed_within_a_few_seconds_of_its_leases_end() -> None:
    """The worst case: the dead process was also the one that swept."""
    found_after_s = SWEEPER_TTL_MS / 1000 + STANDBY_EVERY_S
    assert found_after_s - LEASE_TTL_MS / 1000 <= 5
