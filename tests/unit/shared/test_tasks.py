"""Supervised tasks: started again when they fail, stopped in a known order, without costing each other anything."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from shared.tasks import Supervisor
from tests.support.clock import ManualClock
from tests.support.waiting import soon, turn_over

AT_ONCE = (0.0,)


async def forever() -> None:
    await asyncio.Event().wait()


def failing(times: int, then: Callable[[], Awaitable[None]] = forever) -> Callable[[], Awaitable[None]]:
    """Return work that fails so often first."""
    left = [times]

    async def work() -> None:
        if left[0]:
            left[0] -= 1
            raise ConnectionError("away")
        await then()

    return work


async def test_a_crashed_task_starts_again_and_its_health_tells() -> None:
    back = asyncio.Event()

    async def recovered() -> None:
        back.set()
        await forever()

    supervisor = Supervisor(pauses_s=AT_ONCE)
    supervisor.start("poller", failing(3, recovered))
    await soon(back.wait())

    health = supervisor.health["poller"]
    assert (health.running, health.crashes, health.last_error) == (True, 3, "ConnectionError: away")
    await supervisor.close()


async def test_while_it_pauses_its_health_is_red_and_others_run_on() -> None:
    other_ran = asyncio.Event()
    supervisor = Supervisor(pauses_s=(3600.0,))
    supervisor.start("broken", failing(1))
    supervisor.start("other", _setting(other_ran))
    await soon(other_ran.wait())
    await turn_over()

    assert not supervisor.health["broken"].running
    assert supervisor.health["other"].running
    assert supervisor.is_running("broken")
    await soon(supervisor.close())


async def test_pauses_grow_by_crashes_in_a_row_and_the_last_one_repeats() -> None:
    recovered = asyncio.Event()
    supervisor = Supervisor(pauses_s=(0.0, 0.001, 0.002))
    with capture_logs() as logs:
        supervisor.start("poller", failing(5, _setting(recovered)))
        await soon(recovered.wait())
    await supervisor.close()

    assert [line["restart_in_s"] for line in logs] == [0.0, 0.001, 0.002, 0.002, 0.002]
    assert {(line["event"], line["task"], line["log_level"]) for line in logs} == {("task_crashed", "poller", "error")}


async def test_a_task_that_ran_well_for_long_starts_again_at_once() -> None:
    # An embedded Redis that dies once a month must not be away for as long as one that dies at every start.
    clock = ManualClock()
    supervisor = Supervisor(pauses_s=(0.0, 0.001, 0.002), clock=clock)
    done = asyncio.Event()
    ran_for_s = iter([0.0, 0.0, 60.0, 0.0])

    async def work() -> None:
        seconds = next(ran_for_s, None)
        if seconds is None:
            done.set()
            await forever()
        clock.advance(seconds or 0.0)
        raise ConnectionError("away")

    with capture_logs() as logs:
        supervisor.start("poller", work)
        await soon(done.wait())
    await supervisor.close()

    assert [line["restart_in_s"] for line in logs] == [0.0, 0.001, 0.0, 0.001]


async def test_a_task_that_returns_is_done() -> None:
    async def work() -> None:
        pass

    supervisor = Supervisor()
    supervisor.start("once", work)
    await turn_over()

    assert not supervisor.is_running("once")
    assert not supervisor.health["once"].running
    supervisor.start("once", work)
    await supervisor.close()


async def test_a_name_runs_once_at_a_time() -> None:
    supervisor = Supervisor()
    supervisor.start("poller", forever)

    with pytest.raises(ValueError, match="poller is running already"):
        supervisor.start("poller", forever)
    await supervisor.close()


async def test_the_youngest_stops_first_and_each_is_waited_for() -> None:
    stopped: list[str] = []

    def work(name: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            try:
                await forever()
            finally:
                await asyncio.sleep(0)  # cleaning up takes a moment
                stopped.append(name)

        return run

    supervisor = Supervisor()
    for name in ("store", "worker", "web"):
        supervisor.start(name, work(name))
    await turn_over()
    await soon(supervisor.close())

    assert stopped == ["web", "worker", "store"]
    assert supervisor.health == {}


async def test_one_may_be_stopped_alone_and_twice() -> None:
    supervisor = Supervisor()
    supervisor.start("one", forever)
    supervisor.start("two", forever)
    await supervisor.stop("one")
    await supervisor.stop("one")

    assert not supervisor.is_running("one")
    assert supervisor.is_running("two")
    assert set(supervisor.health) == {"two"}
    await supervisor.close()


def _setting(event: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        event.set()
        await forever()

    return work
