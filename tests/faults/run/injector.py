"""Carries out the steps of a plan: begins each fault when its time has come, takes it back, and writes down when."""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from tests.faults.kinds import NATURES, Aim, FaultKind
from tests.faults.ledger import Fault, Ownership
from tests.faults.plan import Plan, Step
from tests.faults.processes.moods import Mood
from tests.faults.run.sites import LightSite
from tests.faults.run.world import World

MOODS = {
    FaultKind.SITE_HANGS: Mood.HANGS,
    FaultKind.SITE_SLOW: Mood.SLOW,
    FaultKind.SITE_LOSES: Mood.LOSES,
    FaultKind.SITE_FLAPS: Mood.FLAPS,
    FaultKind.SITE_THROTTLES: Mood.THROTTLES,
    FaultKind.SITE_GARBAGE: Mood.GARBAGE,
    FaultKind.SITE_REDIRECTS: Mood.REDIRECTS,
    FaultKind.SITE_REFUSES: Mood.REFUSES,
    FaultKind.SITE_NARROW: Mood.NARROW,
    FaultKind.SITE_GONE: Mood.GONE,
}
_KILLS = {FaultKind.RELAY_KILLED, FaultKind.WORKER_KILLED, FaultKind.REDIS_KILLED, FaultKind.SITE_KILLED}
_RESTARTS = {
    FaultKind.RELAY_RESTARTED,
    FaultKind.WORKER_RESTARTED,
    FaultKind.REDIS_RESTARTED,
    FaultKind.SITE_RESTARTED,
}
_PAUSES = {FaultKind.RELAY_PAUSED, FaultKind.WORKER_PAUSED, FaultKind.REDIS_PAUSED, FaultKind.SITE_PAUSED}


@dataclass(frozen=True)
class _Injection:
    """The two halves of a fault."""

    begin: Callable[[], Awaitable[None]]
    end: Callable[[], Awaitable[None]]


class Injector:
    """Injects the faults of one plan into one world."""

    def __init__(self, plan: Plan, world: World) -> None:
        self.faults: list[Fault] = []
        self.ownerships = [Ownership(page.id, page.site, -math.inf, math.inf) for page in plan.pages if page.site]
        self._plan = plan
        self._world = world
        self._locks = defaultdict[str, asyncio.Lock](asyncio.Lock)

    async def run(self, begin: float) -> None:
        """Carry out every step; `begin` is when the traffic starts. Returns when the last fault is over."""
        async with asyncio.TaskGroup() as group:
            for step in self._plan.steps:
                group.create_task(self._inject(step, begin), name=f"{step.kind} {step.target}")

    async def _inject(self, step: Step, begin: float) -> None:
        await asyncio.sleep(max(0.0, begin + step.at_s - time.monotonic()))
        injection = self._injection(step)
        # One after the other at each target, also where the one before took longer than its plan knew.
        async with self._locks[step.target]:
            began_at = time.monotonic()
            await injection.begin()
            await asyncio.sleep(step.for_s)
            # Taken back from this moment on: how long a process takes to start is part of the recovery.
            ended_at = time.monotonic()
            await injection.end()
        self.faults.append(Fault(step.kind, step.target, began_at, ended_at))

    def _injection(self, step: Step) -> _Injection:
        world, kind = self._world, step.kind
        if kind in MOODS:
            return self._mood(step)
        if NATURES[kind].aim is Aim.PAGE:
            return self._of_page(step)
        service = world.services[step.target]
        if kind in _KILLS:
            return _Injection(service.kill, lambda: self._start(step.target))
        if kind in _RESTARTS:
            return _Injection(service.terminate, lambda: self._start(step.target))
        if kind in _PAUSES:
            return _Injection(_soon(service.pause), _soon(service.resume))
        redis = world.redis
        others = {
            FaultKind.RELAY_PART_KILLED: _Injection(service.kill_part, _nothing),
            FaultKind.REDIS_TORN: _Injection(redis.tear, redis.start),
            FaultKind.REDIS_CUT: _Injection(redis.cut, _nothing),
            FaultKind.REDIS_READ_ONLY: _Injection(
                lambda: redis.set_read_only(on=True), lambda: redis.set_read_only(on=False)
            ),
            FaultKind.REDIS_FULL: _Injection(lambda: redis.set_full(on=True), lambda: redis.set_full(on=False)),
        }
        return others[kind]

    async def _start(self, target: str) -> None:
        await self._world.services[target].start()
        if target in self._world.sites:
            await self._world.sites[target].back()

    def _mood(self, step: Step) -> _Injection:
        site = self._world.sites[step.target]
        if not isinstance(site, LightSite):
            raise TypeError(f"{step.target} cannot be told how to behave")

        async def end() -> None:
            site.become(Mood.FINE)
            if step.kind is FaultKind.SITE_GONE:
                await self._world.operator.resume(step.target)

        return _Injection(_soon(lambda: site.become(MOODS[step.kind], step.value)), end)

    def _of_page(self, step: Step) -> _Injection:
        if step.kind is FaultKind.PAGE_MOVED:
            return _Injection(lambda: self._move(step), _nothing)
        return _Injection(lambda: self._unbind(step), lambda: self._bind(step))

    async def _unbind(self, step: Step) -> None:
        """Take the page from its site, if it has one: from now on what is accepted may be the next one's."""
        since = time.monotonic()
        if any(page.id == step.target and page.site for page in self._plan.pages):
            await self._world.operator.unbind(step.target)
            self._end_ownerships(step.target)
        else:
            since = -math.inf
        self.ownerships.append(Ownership(step.target, step.value, since, math.inf))

    async def _move(self, step: Step) -> None:
        """Hand the page over: what waited for the old site may be the new one's, whenever it was accepted."""
        await self._world.operator.move(step.target, step.value)
        self._end_ownerships(step.target)
        self.ownerships.append(Ownership(step.target, step.value, -math.inf, math.inf))

    def _end_ownerships(self, page: str) -> None:
        until = time.monotonic()
        self.ownerships = [replace(each, until=until) if each.page == page else each for each in self.ownerships]

    async def _bind(self, step: Step) -> None:
        await self._world.operator.bind(step.target, step.value)


def _soon(action: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    async def act() -> None:
        action()

    return act


async def _nothing() -> None:
    """Take nothing back: the fault was over with its beginning."""
