"""Draws what is done to whom in a history, and when: never two faults at the same target at once."""

import random
from collections.abc import Iterator, Sequence

from tests.faults.kinds import NATURES, Aim, FaultKind
from tests.faults.plan import REDIS, Step, relay_name, worker_name
from tests.faults.size import Cast, Size

_TRIES = 30
"""How often a fault is drawn anew when its target is taken at that time."""
_REST_S = 0.3
"""How long a target is left alone after a fault."""
_ROLLING = 0.3
"""Share of the histories in which every relay and worker is restarted, one after the other, as for an upgrade."""
_ROLLS_EVERY_S = 1.2
_PARTS_KILLED = 2
"""Faults that kill one of a relay's web processes, for each of them beyond the first."""
_ALONE_AT_S = 2.0


def draw_faults(rnd: random.Random, size: Size, cast: Cast, *, processes: int) -> tuple[Step, ...]:
    """Draw the faults of a history whose first relay has so many web processes."""
    steps = [*_moves(rnd, size, cast), *_rolling(rnd, size)]
    parts = [FaultKind.RELAY_PART_KILLED] * (processes - 1) * _PARTS_KILLED
    kinds = [kind for kind, nature in NATURES.items() if nature.aim is not Aim.PAGE]
    weights = [NATURES[kind].weight for kind in kinds]
    for kind in [*parts, *rnd.choices(kinds, weights, k=size.faults)]:
        targets = _targets(kind, size, cast)
        for _ in range(_TRIES):
            step = _step(rnd, size, kind, targets, at_s=rnd.uniform(0.2, size.seconds))
            if not any(_meet(step, other) for other in steps):
                steps.append(step)
                break
    return tuple(sorted(steps, key=lambda step: (step.at_s, step.target)))


def single_fault(seed: int, rnd: random.Random, size: Size, cast: Cast) -> Step:
    """Draw one fault. Seeds that count up go through all kinds, in their order, again and again."""
    kind = list(FaultKind)[seed % len(FaultKind)]
    if NATURES[kind].aim is Aim.PAGE:
        pages = [page.id for page in cast.pages if page.site or kind is FaultKind.PAGE_REBOUND]
        return _move(rnd, kind, rnd.choice(pages), cast, at_s=_ALONE_AT_S)
    return _step(rnd, size, kind, _targets(kind, size, cast), at_s=_ALONE_AT_S)


def _targets(kind: FaultKind, size: Size, cast: Cast) -> list[str]:
    targets = {
        Aim.RELAY: [relay_name(index) for index in range(size.relays)],
        Aim.WORKER: [worker_name(index) for index in range(size.workers)],
        Aim.REDIS: [REDIS],
        Aim.SITE: [site.name for site in cast.sites],
        Aim.LIGHT: sorted(cast.light),
        Aim.PAGE: [page.id for page in cast.pages],
    }[NATURES[kind].aim]
    return targets[:1] if kind is FaultKind.RELAY_PART_KILLED else targets


def _step(rnd: random.Random, size: Size, kind: FaultKind, targets: Sequence[str], *, at_s: float) -> Step:
    nature = NATURES[kind]
    longest_s = max(nature.shortest_s, min(nature.longest_s, size.longest_fault_s))
    for_s = round(rnd.uniform(nature.shortest_s, longest_s), 2)
    value = f"{rnd.uniform(0.1, for_s):.2f}" if kind is FaultKind.SITE_SLOW else ""
    return Step(round(at_s, 2), kind, rnd.choice(targets), for_s, value)


def _meet(one: Step, other: Step) -> bool:
    """Whether two faults would be at the same target at the same time."""
    apart = one.at_s > other.at_s + other.for_s + _REST_S or other.at_s > one.at_s + one.for_s + _REST_S
    return one.target == other.target and not apart


def _rolling(rnd: random.Random, size: Size) -> Iterator[Step]:
    """Restart each relay and each worker in turn, in some of the histories."""
    if rnd.random() >= _ROLLING:
        return
    relays = [(relay_name(index), FaultKind.RELAY_RESTARTED) for index in range(size.relays)]
    workers = [(worker_name(index), FaultKind.WORKER_RESTARTED) for index in range(size.workers)]
    at_s = rnd.uniform(0.1, 0.3) * size.seconds
    for place, (target, kind) in enumerate([*relays, *workers]):
        yield Step(round(at_s + place * _ROLLS_EVERY_S, 2), kind, target, 0.0)


def _moves(rnd: random.Random, size: Size, cast: Cast) -> Iterator[Step]:
    """Give each movable page another site, once: handed over, or, as is the only way for one without a site, bound."""
    for page in cast.pages:
        if page.id in cast.movable:
            kind = rnd.choice([FaultKind.PAGE_REBOUND, FaultKind.PAGE_MOVED]) if page.site else FaultKind.PAGE_REBOUND
            yield _move(rnd, kind, page.id, cast, at_s=rnd.uniform(0.2 * size.seconds, 0.8 * size.seconds))


def _move(rnd: random.Random, kind: FaultKind, page_id: str, cast: Cast, *, at_s: float) -> Step:
    nature = NATURES[kind]
    owner = next(page.site for page in cast.pages if page.id == page_id)
    others = [site.name for site in cast.sites if site.name != owner]
    for_s = round(rnd.uniform(nature.shortest_s, nature.longest_s), 2)
    return Step(round(at_s, 2), kind, page_id, for_s, rnd.choice(others))
