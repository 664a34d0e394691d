"""The announcer: when it calls, on clocks that stand still until they are moved."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from onsite.core.announcing import LOOK_AFTER_ANNOUNCING_S
from onsite.core.relay_answers import RelayReading, RelayState, unreachable
from onsite.engine.announcer import TICK_S, Announcer
from onsite.engine.errors import StoreUnavailable
from onsite.engine.relay_link import RelayLink
from tests.support.clock import ManualClock
from tests.support.waiting import soon, turn_over

UP = RelayReading(RelayState.UP, waiting=0)
PARKED = RelayReading(RelayState.PARKED, "announced", 3)
AWAY = unreachable("no connection in time")


@dataclass
class World:
    """A relay that answers from a script and then that all is well; time; a database; what became of pushes."""

    script: list[RelayReading] = field(default_factory=list)
    calls: list[tuple[str, float]] = field(default_factory=list)
    """What was called, and when on the clock that never jumps."""
    last_batch_refused: bool = False
    store_works: bool = True
    store_checks: int = 0
    wall: ManualClock = field(default_factory=ManualClock)
    monotonic: ManualClock = field(default_factory=lambda: ManualClock(0.0))
    jumps: list[tuple[float, float]] = field(default_factory=list)
    """How much longer than meant the next sleeps take, on each clock."""
    enough: int = 5
    """After so many calls the world stands still."""
    done: asyncio.Event = field(default_factory=asyncio.Event)
    at_tick: Callable[[], None] = lambda: None

    async def ready(self) -> RelayReading:
        """Stand in for the relay."""
        return await self._answer("ready")

    async def look(self) -> RelayReading:
        """Stand in for the relay."""
        return await self._answer("look")

    async def check(self) -> None:
        """Stand in for the database."""
        self.store_checks += 1
        if not self.store_works:
            raise StoreUnavailable("away")

    async def sleep(self, seconds: float) -> None:
        """Move both clocks."""
        assert seconds <= TICK_S
        wall_s, monotonic_s = self.jumps.pop(0) if self.jumps else (0.0, 0.0)
        self.wall.advance(seconds + wall_s)
        self.monotonic.advance(seconds + monotonic_s)
        self.at_tick()
        await asyncio.sleep(0)

    async def _answer(self, call: str) -> RelayReading:
        self.calls.append((call, round(self.monotonic.now, 3)))
        if len(self.calls) >= self.enough:
            self.done.set()
            await asyncio.Event().wait()
        return self.script.pop(0) if self.script else UP


Run = Callable[[World], Awaitable[RelayLink]]


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    tasks: list[asyncio.Task[None]] = []

    async def play(world: World) -> RelayLink:
        """Run the announcer until the world stands still."""
        link = RelayLink(asked=True, clock=world.wall)
        announcer = Announcer(
            world,
            link,
            world,
            clock=world.wall,
            monotonic=world.monotonic,
            sleep=world.sleep,
            jitter=lambda: 0.5,
        )
        tasks.append(asyncio.create_task(announcer.run()))
        await soon(world.done.wait())
        return link

    yield play
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_it_announces_at_once_looks_soon_how_it_went_and_then_now_and_then(run: Run) -> None:
    world = World()
    await run(world)

    assert world.calls == [("ready", 0), ("look", 5), ("look", 65), ("look", 125), ("look", 185)]


async def test_a_relay_that_is_away_at_the_start_is_told_as_soon_as_it_is_there(run: Run) -> None:
    world = World([AWAY, AWAY, AWAY, PARKED])
    link = await run(world)

    assert world.calls == [("ready", 0), ("ready", 0.75), ("ready", 2.25), ("ready", 5.25), ("look", 10.25)]
    assert link.announced_at_ms is not None


async def test_a_relay_that_could_not_be_asked_for_a_while_is_told_when_it_can_be_asked_again(run: Run) -> None:
    world = World([UP, UP, AWAY, UP])
    await run(world)

    assert [call for call, _ in world.calls] == ["ready", "look", "look", "ready", "look"]


@pytest.mark.parametrize(
    "jump",
    [pytest.param((3600.0, 0.0), id="one clock slept too"), pytest.param((3600.0, 3600.0), id="no clock slept")],
)
async def test_a_machine_that_slept_announces_itself_as_soon_as_it_wakes(run: Run, jump: tuple[float, float]) -> None:
    world = World(jumps=[(0.0, 0.0)] * 4 + [jump], enough=4)
    await run(world)
    (_, _), (_, looked_at), (call, at), (_, _) = world.calls

    assert looked_at == LOOK_AFTER_ANNOUNCING_S
    assert call == "ready"
    assert at == pytest.approx(looked_at + 4 * TICK_S + jump[1])


class TestTheDatabase:
    @pytest.fixture
    def world(self) -> World:
        """Return a site whose database fails a push between 20 s and 40 s."""
        world = World(enough=4)

        def tick() -> None:
            if world.monotonic.now >= 20 and world.store_checks == 0:
                world.last_batch_refused, world.store_works = True, False
            if world.monotonic.now >= 40:
                world.store_works = True

        world.at_tick = tick
        return world

    async def test_once_it_works_again_the_site_announces_itself(self, run: Run, world: World) -> None:
        await run(world)

        assert [call for call, _ in world.calls[:3]] == ["ready", "look", "ready"]
        assert 40 <= world.calls[2][1] <= 40 + TICK_S

    async def test_while_no_push_failed_it_is_not_asked(self, run: Run) -> None:
        world = World()
        await run(world)

        assert world.store_checks == 0

    async def test_one_that_only_seems_to_work_does_not_keep_both_sides_busy(self, run: Run) -> None:
        world = World([PARKED] * 40, last_batch_refused=True, enough=20)
        await run(world)
        announced = [at for call, at in world.calls if call == "ready"]
        gaps = [later - sooner for sooner, later in pairwise(announced)]

        assert gaps[0] >= 30
        assert gaps == sorted(gaps)
        assert gaps[-1] >= 120


async def test_it_ends_when_it_is_cancelled(run: Run) -> None:
    world = World(enough=1)
    await run(world)
    await turn_over()

    assert len(world.calls) == 1
