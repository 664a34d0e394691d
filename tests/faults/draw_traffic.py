"""Draws who takes part in a history, and who writes what when."""

import random
from collections import defaultdict
from collections.abc import Sequence

from tests.faults.fates import Fate
from tests.faults.plan import Body, Conversation, PagePlan, Part, SitePlan
from tests.faults.size import Cast, Size

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

Traffic = tuple[tuple[Conversation, ...], tuple[Body, ...]]


def draw_cast(rnd: random.Random, size: Size) -> Cast:
    """Draw which site has how many pages, and which of them change their site."""
    light = [SitePlan(f"light-{n}", real=False, announces=n % 2 == 1) for n in range(size.light_sites)]
    sites = (*light, *(SitePlan(f"real-{n}", real=True) for n in range(size.real_sites)))
    owners = [site.name for site in sites for _ in range(1 + (rnd.random() < _SECOND_PAGE))]
    owners += [""] * size.unclaimed_pages
    pages = tuple(PagePlan(str(1_000_000 + index), owner) for index, owner in enumerate(owners))
    rebound = rnd.sample([page.id for page in pages if page.site], size.rebound_pages)
    return Cast(sites, pages, frozenset([*rebound, *(page.id for page in pages if not page.site)]))


def draw_traffic(rnd: random.Random, size: Size, cast: Cast) -> Traffic:
    """Draw the conversations and the bodies that carry them."""
    conversations = _conversations(rnd, size, cast)
    bodies = _bodies(rnd, size, conversations)
    if not size.faults or rnd.random() >= _BLOCKED:
        return conversations, bodies
    blocked = Conversation("blocked", rnd.choice(cast.refusable), "7999999", patient=True, fate=Fate.BLOCKED)
    body = Body(round(rnd.uniform(0.0, size.seconds * _BLOCKED_BEFORE), 3), (Part(blocked.id, 0, 1),))
    return (*conversations, blocked), tuple(sorted((*bodies, body), key=lambda each: each.at_s))


def _conversations(rnd: random.Random, size: Size, cast: Cast) -> tuple[Conversation, ...]:
    refusable = cast.refusable
    found: list[Conversation] = []
    for page in cast.pages:
        may_refuse = bool(size.faults) and page.id in refusable
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
