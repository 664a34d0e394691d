"""Draws the plan of a history: a pure function of seed and size."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.faults.fates import Fate
from tests.faults.kinds import NATURES, Aim, FaultKind
from tests.faults.plan import REDIS, Body, Conversation, PagePlan, Part, Plan, SitePlan, Step, relay_name, worker_name
from tests.faults.times import Times


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens in a history."""

    name: str
    seconds: float
    relays: int
    workers: int
    light_sites: int
    real_sites: int
    conversations_per_page: int
    bodies_per_s: float
    faults: int
    longest_fault_s: float


FULL = Size("full", 14.0, 2, 2, 8, 2, 4, 45.0, 16, 9.0)
SHORT = Size("short", 6.0, 2, 1, 4, 1, 3, 40.0, 10, 3.0)
SIZES = {size.name: size for size in (FULL, SHORT)}

_SECOND_PAGE = 0.5
"""Share of the sites with two pages."""
_PATIENT = 0.6
"""Share of the conversations whose sender waits for each 200."""
_REJECTED = 0.08
"""Share of the light sites' conversations that they refuse for good."""
_BLOCKED = 0.4
"""Share of the histories with one event that a filter in front of its site dislikes. To be found out it needs others
behind it, so it comes early."""
_BLOCKED_BEFORE = 0.3
_SEVERAL = 0.25
"""Share of the bodies with more than one event."""
_MOST_PARTS, _MOST_EVENTS = 3, 5
_REBOUND_PAGES = 2
"""Pages that may change their site, beside those that no site has at first."""
_UNCLAIMED_PAGES = 1
_TRIES = 30
"""How often a fault is drawn anew when its target is taken at that time."""
_REST_S = 0.3
"""How long a target is left alone after a fault."""
_ROLLING = 0.3
"""Share of the histories in which every relay and worker is restarted, one after the other, as for an upgrade."""
_ROLLS_EVERY_S = 1.2
_SHARED_PORT = 0.3
"""Share of the histories whose first relay has several web processes on its port."""
_SEVERAL_PROCESSES = 2
_PARTS_KILLED = 2
"""Faults that kill one of these processes, for each of them beyond the first."""


def plan_of(seed: int, size: Size = FULL) -> Plan:
    """Draw a history; the same seed and size always give the same one."""
    rnd = random.Random(f"{size.name} {seed}")  # noqa: S311  a history is drawn, not a secret
    sites = _sites(size)
    pages, movable = _pages(rnd, sites)
    conversations = _conversations(rnd, size, sites, pages, movable)
    bodies = _bodies(rnd, size, conversations)
    if rnd.random() < _BLOCKED:
        conversation, body = _blocked(rnd, size, pages, movable)
        conversations = (*conversations, conversation)
        bodies = tuple(sorted((*bodies, body), key=lambda each: each.at_s))
    processes = _SEVERAL_PROCESSES if rnd.random() < _SHARED_PORT else 1
    return Plan(
        seed=seed,
        size=size.name,
        seconds=size.seconds,
        times=Times(),
        relays=size.relays,
        processes=processes,
        workers=size.workers,
        sites=sites,
        pages=pages,
        conversations=conversations,
        bodies=bodies,
        steps=_steps(rnd, size, sites, pages, movable, processes=processes),
    )


def _sites(size: Size) -> tuple[SitePlan, ...]:
    light = [SitePlan(f"light-{n}", real=False, announces=n % 2 == 1) for n in range(size.light_sites)]
    return (*light, *(SitePlan(f"real-{n}", real=True) for n in range(size.real_sites)))


def _pages(rnd: random.Random, sites: Sequence[SitePlan]) -> tuple[tuple[PagePlan, ...], frozenset[str]]:
    """Return the pages, and which of them change their site."""
    owners = [site.name for site in sites for _ in range(1 + (rnd.random() < _SECOND_PAGE))]
    owners += [""] * _UNCLAIMED_PAGES
    pages = tuple(PagePlan(str(1_000_000 + index), owner) for index, owner in enumerate(owners))
    rebound = rnd.sample([page.id for page in pages if page.site], _REBOUND_PAGES)
    return pages, frozenset([*rebound, *(page.id for page in pages if not page.site)])


def _conversations(
    rnd: random.Random, size: Size, sites: Sequence[SitePlan], pages: Sequence[PagePlan], movable: frozenset[str]
) -> tuple[Conversation, ...]:
    light = {site.name for site in sites if not site.real}
    found: list[Conversation] = []
    for page in pages:
        may_refuse = page.site in light and page.id not in movable
        for _ in range(size.conversations_per_page):
            number = len(found)
            patient = rnd.random() < _PATIENT
            fate = Fate.REJECTED if may_refuse and rnd.random() < _REJECTED else Fate.TAKEN
            found.append(Conversation(f"c{number}", page.id, str(7_000_000 + number), patient, fate))
    return tuple(found)


def _bodies(rnd: random.Random, size: Size, conversations: Sequence[Conversation]) -> tuple[Body, ...]:
    """Spread bodies over the time; each conversation's events are numbered in the order of the bodies."""
    times = sorted(rnd.uniform(0.0, size.seconds) for _ in range(round(size.seconds * size.bodies_per_s)))
    said: defaultdict[str, int] = defaultdict(int)
    bodies: list[Body] = []
    for at_s in times:
        parts: list[Part] = []
        several = rnd.random() < _SEVERAL
        for conversation in rnd.sample(conversations, rnd.randint(1, _MOST_PARTS) if several else 1):
            count = rnd.randint(1, _MOST_EVENTS) if several else 1
            parts.append(Part(conversation.id, said[conversation.id], count))
            said[conversation.id] += count
        bodies.append(Body(round(at_s, 3), tuple(parts)))
    return tuple(bodies)


def _blocked(
    rnd: random.Random, size: Size, pages: Sequence[PagePlan], movable: frozenset[str]
) -> tuple[Conversation, Body]:
    """Draw one event that its site never gets."""
    page = rnd.choice([page.id for page in pages if page.site.startswith("light") and page.id not in movable])
    conversation = Conversation("blocked", page, "7999999", patient=True, fate=Fate.BLOCKED)
    at_s = round(rnd.uniform(0.0, size.seconds * _BLOCKED_BEFORE), 3)
    return conversation, Body(at_s, (Part(conversation.id, 0, 1),))


def _steps(
    rnd: random.Random,
    size: Size,
    sites: Sequence[SitePlan],
    pages: Sequence[PagePlan],
    movable: frozenset[str],
    *,
    processes: int,
) -> tuple[Step, ...]:
    targets = _targets(size, sites)
    steps = [*_moves(rnd, size, sites, pages, movable), *_rolling(rnd, size)]
    parts = [FaultKind.RELAY_PART_KILLED] * (processes - 1) * _PARTS_KILLED
    kinds = [kind for kind, nature in NATURES.items() if nature.aim is not Aim.PAGE]
    weights = [NATURES[kind].weight for kind in kinds]
    for kind in [*parts, *rnd.choices(kinds, weights, k=size.faults)]:
        aimed = targets[NATURES[kind].aim]
        for _ in range(_TRIES):
            step = _step(rnd, size, kind, aimed[:1] if kind is FaultKind.RELAY_PART_KILLED else aimed)
            if not any(_meet(step, other) for other in steps):
                steps.append(step)
                break
    return tuple(sorted(steps, key=lambda step: (step.at_s, step.target)))


def _targets(size: Size, sites: Sequence[SitePlan]) -> dict[Aim, list[str]]:
    return {
        Aim.RELAY: [relay_name(index) for index in range(size.relays)],
        Aim.WORKER: [worker_name(index) for index in range(size.workers)],
        Aim.REDIS: [REDIS],
        Aim.SITE: [site.name for site in sites],
        Aim.LIGHT: [site.name for site in sites if not site.real],
    }


def _step(rnd: random.Random, size: Size, kind: FaultKind, targets: Sequence[str]) -> Step:
    nature = NATURES[kind]
    at_s = round(rnd.uniform(0.2, size.seconds), 2)
    longest_s = max(nature.shortest_s, min(nature.longest_s, size.longest_fault_s))
    for_s = round(rnd.uniform(nature.shortest_s, longest_s), 2)
    value = f"{rnd.uniform(0.1, for_s):.2f}" if kind is FaultKind.SITE_SLOW else ""
    return Step(at_s, kind, rnd.choice(targets), for_s, value)


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


def _moves(
    rnd: random.Random, size: Size, sites: Sequence[SitePlan], pages: Sequence[PagePlan], movable: frozenset[str]
) -> Iterator[Step]:
    """Give each movable page another site, once."""
    nature = NATURES[FaultKind.PAGE_REBOUND]
    for page in pages:
        if page.id in movable:
            others = [site.name for site in sites if site.name != page.site]
            at_s = round(rnd.uniform(0.2 * size.seconds, 0.8 * size.seconds), 2)
            for_s = round(rnd.uniform(nature.shortest_s, nature.longest_s), 2)
            yield Step(at_s, FaultKind.PAGE_REBOUND, page.id, for_s, rnd.choice(others))
