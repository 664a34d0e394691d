"""Draws the plan of a history: a pure function of seed and size."""

import random

from tests.faults.draw_faults import draw_faults, single_fault
from tests.faults.draw_traffic import draw_cast, draw_traffic
from tests.faults.kinds import FaultKind
from tests.faults.plan import Plan
from tests.faults.size import FULL, Size
from tests.faults.times import Times

_SHARED_PORT = 0.3
"""Share of the histories whose first relay has several web processes on its port."""
_SEVERAL_PROCESSES = 2


def plan_of(seed: int, size: Size = FULL) -> Plan:
    """Draw a history; the same seed and size always give the same one."""
    rnd = random.Random(f"{size.name} {seed}")  # noqa: S311  a history is drawn, not a secret
    cast = draw_cast(rnd, size)
    conversations, bodies = draw_traffic(rnd, size, cast)
    if size.faults:
        processes = _SEVERAL_PROCESSES if rnd.random() < _SHARED_PORT else 1
        steps = draw_faults(rnd, size, cast, processes=processes)
    else:
        steps = (single_fault(seed, rnd, size, cast),)
        processes = _SEVERAL_PROCESSES if steps[0].kind is FaultKind.RELAY_PART_KILLED else 1
    return Plan(
        seed=seed,
        size=size.name,
        seconds=size.seconds,
        times=Times(),
        relays=size.relays,
        processes=processes,
        workers=size.workers,
        sites=cast.sites,
        pages=cast.pages,
        conversations=conversations,
        bodies=bodies,
        steps=steps,
    )
