"""The kinds of faults: what each is aimed at, how long it lasts, and what it excuses. A table; nothing is done here."""

from dataclasses import dataclass
from enum import StrEnum


class Aim(StrEnum):
    """What a fault is aimed at."""

    RELAY = "relay"
    """A web process: `relay serve`."""
    WORKER = "worker"
    REDIS = "redis"
    SITE = "site"
    """Any site, the real on-site client included."""
    LIGHT = "light site"
    """A site of `tests.faults.processes.site`, which can be told how to treat pushes."""
    PAGE = "page"


class FaultKind(StrEnum):
    """What can be done to the system, in the words of the report."""

    RELAY_KILLED = "relay: kill -9"
    RELAY_PART_KILLED = "relay: kill -9 of one of its processes"
    RELAY_RESTARTED = "relay: SIGTERM, started again"
    RELAY_PAUSED = "relay: SIGSTOP, SIGCONT"
    WORKER_KILLED = "worker: kill -9"
    WORKER_RESTARTED = "worker: SIGTERM, started again"
    WORKER_PAUSED = "worker: SIGSTOP, SIGCONT"
    REDIS_KILLED = "redis: kill -9"
    REDIS_TORN = "redis: kill -9, last record of the file cut off"
    REDIS_RESTARTED = "redis: SIGTERM, started again"
    REDIS_PAUSED = "redis: SIGSTOP, SIGCONT"
    REDIS_READ_ONLY = "redis: READONLY"
    REDIS_FULL = "redis: OOM"
    REDIS_CUT = "redis: connections closed, scripts forgotten"
    SITE_KILLED = "site: kill -9"
    SITE_RESTARTED = "site: SIGTERM, started again"
    SITE_PAUSED = "site: SIGSTOP, SIGCONT"
    SITE_HANGS = "site: hangs"
    SITE_SLOW = "site: slow to answer"
    SITE_LOSES = "site: commits, answer lost"
    SITE_FLAPS = "site: flaps"
    SITE_THROTTLES = "site: 429 and 503 with Retry-After"
    SITE_GARBAGE = "site: 200 with no receipt"
    SITE_REDIRECTS = "site: redirects"
    SITE_REFUSES = "site: 401 and 404"
    SITE_NARROW = "site: 413 for all but small batches"
    SITE_GONE = "site: 410, then resumed"
    PAGE_REBOUND = "page: bound to another site"
    PAGE_MOVED = "page: handed over to another site"


@dataclass(frozen=True, slots=True)
class Nature:
    """What is known of a kind."""

    aim: Aim
    shortest_s: float
    longest_s: float
    weight: int = 2
    """How often it is drawn, relative to the others; 0 for what only some histories can have."""
    excuses: bool = False
    """Whether a batch may come twice, or two be under way at once, because of it.

    Not so what the relay is told in an answer, and not so SIGTERM: it promises to finish what is under way.
    """


NATURES: dict[FaultKind, Nature] = {
    FaultKind.RELAY_KILLED: Nature(Aim.RELAY, 0.2, 2.0, weight=4, excuses=True),
    FaultKind.RELAY_PART_KILLED: Nature(Aim.RELAY, 0.0, 0.0, weight=0, excuses=True),
    FaultKind.RELAY_RESTARTED: Nature(Aim.RELAY, 0.0, 0.5, weight=4),
    FaultKind.RELAY_PAUSED: Nature(Aim.RELAY, 0.5, 8.5, weight=3, excuses=True),
    FaultKind.WORKER_KILLED: Nature(Aim.WORKER, 0.2, 2.0, weight=3, excuses=True),
    FaultKind.WORKER_RESTARTED: Nature(Aim.WORKER, 0.0, 0.5),
    FaultKind.WORKER_PAUSED: Nature(Aim.WORKER, 0.5, 8.5, excuses=True),
    FaultKind.REDIS_KILLED: Nature(Aim.REDIS, 0.0, 2.0, weight=4, excuses=True),
    FaultKind.REDIS_TORN: Nature(Aim.REDIS, 0.0, 1.0, excuses=True),
    FaultKind.REDIS_RESTARTED: Nature(Aim.REDIS, 0.0, 1.0, weight=1, excuses=True),
    FaultKind.REDIS_PAUSED: Nature(Aim.REDIS, 0.3, 7.0, excuses=True),
    FaultKind.REDIS_READ_ONLY: Nature(Aim.REDIS, 0.3, 3.0, excuses=True),
    FaultKind.REDIS_FULL: Nature(Aim.REDIS, 0.3, 3.0, excuses=True),
    FaultKind.REDIS_CUT: Nature(Aim.REDIS, 0.0, 0.0, excuses=True),
    FaultKind.SITE_KILLED: Nature(Aim.SITE, 0.2, 4.0, weight=6, excuses=True),
    FaultKind.SITE_RESTARTED: Nature(Aim.SITE, 0.0, 1.0, weight=3, excuses=True),
    FaultKind.SITE_PAUSED: Nature(Aim.SITE, 0.5, 4.0, weight=3, excuses=True),
    FaultKind.SITE_HANGS: Nature(Aim.LIGHT, 0.5, 9.0, weight=4),
    FaultKind.SITE_SLOW: Nature(Aim.LIGHT, 1.0, 8.0, weight=4),
    FaultKind.SITE_LOSES: Nature(Aim.LIGHT, 0.5, 4.0, weight=4),
    FaultKind.SITE_FLAPS: Nature(Aim.LIGHT, 1.0, 6.0, weight=3),
    FaultKind.SITE_THROTTLES: Nature(Aim.LIGHT, 0.5, 3.0),
    FaultKind.SITE_GARBAGE: Nature(Aim.LIGHT, 0.5, 4.0),
    FaultKind.SITE_REDIRECTS: Nature(Aim.LIGHT, 0.5, 3.0, weight=1),
    FaultKind.SITE_REFUSES: Nature(Aim.LIGHT, 0.5, 3.0, weight=1),
    FaultKind.SITE_NARROW: Nature(Aim.LIGHT, 1.0, 6.0),
    FaultKind.SITE_GONE: Nature(Aim.LIGHT, 0.5, 2.0),
    FaultKind.PAGE_REBOUND: Nature(Aim.PAGE, 0.0, 1.5, weight=3),
    FaultKind.PAGE_MOVED: Nature(Aim.PAGE, 0.0, 0.0, weight=3),
}

SHARED_AIMS = frozenset({Aim.RELAY, Aim.WORKER, Aim.REDIS})
"""A fault of these concerns every site."""
