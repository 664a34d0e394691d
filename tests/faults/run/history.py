"""Runs one history: traffic and faults at once, then patience until nothing waits any more, then the ledger."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from redis.exceptions import RedisError

from tests.faults.ledger import Ledger
from tests.faults.plan import Plan
from tests.faults.run.injector import Injector
from tests.faults.run.logs import children_ended, errors_in
from tests.faults.run.sender import Sender
from tests.faults.run.world import World

SETTLES_WITHIN_S = 60.0
"""How long after the last fault all that was accepted may take to arrive: several times the slowest recovery."""
LOOK_EVERY_S = 0.1
WATCH_EVERY_S = 0.1
RESUME_EVERY_LOOKS = 10


@dataclass(frozen=True)
class Progress:
    """What a history is doing."""

    doing: str
    done: float
    """Share of the history that is over, by the clock of its plan."""


Tell = Callable[[Progress], None]


async def run_history(plan: Plan, folder: Path, *, mutant: str = "", tell: Tell = lambda _progress: None) -> Ledger:
    """Run a history in `folder` and return what is known of it. Leaves no process behind."""
    tell(Progress("starts", 0.0))
    async with World(plan, folder, mutant=mutant) as world:
        sender, injector = Sender(plan, world.urls), Injector(plan, world)
        watching = asyncio.create_task(_watch(world), name="watch")
        telling = asyncio.create_task(_tell(plan, sender, tell), name="tell")
        try:
            await _play(sender, injector)
            tell(Progress("settles", 1.0))
            waiting = await _settled(world)
        finally:
            for task in (watching, telling):
                task.cancel()
            await asyncio.gather(watching, telling, return_exceptions=True)
        dead = await world.redis.dead_letters(list(world.sites))
        await world.stop()
        logs = [service.log for service in world.services.values()]
        return Ledger(
            sent=sender.sent(),
            stored=[row for site in world.sites.values() for row in site.stored()],
            pushes=[push for site in world.light_sites for push in site.pushes()],
            faults=injector.faults,
            ownerships=injector.ownerships,
            refused={site.name: site.refused() for site in world.light_sites},
            dead=dead,
            waiting=waiting,
            endings=[*world.endings, *chain.from_iterable(map(children_ended, logs))],
            faulty_logs=list(chain.from_iterable(map(errors_in, logs))),
            bad_signatures=sum(site.bad_signatures() for site in world.light_sites),
        )


async def _play(sender: Sender, injector: Injector) -> None:
    """Let traffic and faults take their course; what is not accepted long after the last fault never will be."""
    begin = time.monotonic()
    sending = asyncio.create_task(sender.run(begin), name="sender")
    try:
        await injector.run(begin)
        await asyncio.wait({sending}, timeout=SETTLES_WITHIN_S)
        if sending.done():
            sending.result()
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _settled(world: World) -> dict[str, int]:
    """Wait until no outbox holds anything and nobody drains one; returns what still waits when patience ends."""
    deadline = time.monotonic() + SETTLES_WITHIN_S
    looks = 0
    while True:
        waiting = await _waiting(world)
        if not waiting or time.monotonic() > deadline:
            return {name: events for name, events in waiting.items() if events}
        looks += 1
        if looks % RESUME_EVERY_LOOKS == 0:
            # An answer of 410 that a paused relay read late pauses the site after its operator had resumed it.
            for site in await world.operator.paused():
                await world.operator.resume(site)
        await asyncio.sleep(LOOK_EVERY_S)


async def _waiting(world: World) -> dict[str, int]:
    try:
        return await world.redis.waiting(world.outboxes)
    except (RedisError, OSError):
        return {"redis": 1}


async def _watch(world: World) -> None:
    while True:
        for site in world.sites.values():
            site.watch()
        await asyncio.sleep(WATCH_EVERY_S)


async def _tell(plan: Plan, sender: Sender, tell: Tell) -> None:
    begin = time.monotonic()
    while True:
        done = min(1.0, (time.monotonic() - begin) / plan.seconds)
        tell(Progress(f"{sender.accepted} of {len(plan.bodies)} bodies accepted", done))
        await asyncio.sleep(LOOK_EVERY_S)
