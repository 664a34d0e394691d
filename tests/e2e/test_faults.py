"""`make faults` in short, and that it can fail: each broken engine is caught, by the name of what it breaks.

The broken engines get small histories of their own, made so that what is broken shows every time and at once. With the
engine as it is, nothing is wrong with them: it is the engine that is judged, and not the history.
"""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.faults import mutants
from tests.faults.draw import plan_of
from tests.faults.judge import Wrong, judge
from tests.faults.kinds import FaultKind
from tests.faults.ledger import Ledger
from tests.faults.plan import REDIS, Body, Conversation, PagePlan, Part, Plan, SitePlan, Step
from tests.faults.recovery import recoveries
from tests.faults.run.history import run_history
from tests.faults.run.world import COMMITS_LATE
from tests.faults.size import SHORT
from tests.faults.times import Times

pytestmark = pytest.mark.timeout(180)

PAGE, SITE = "1000000", "light-0"
CONVERSATIONS = 4
BEGIN_S = 0.3
"""When the first body is sent: after a mood of the site's that begins at once."""
SEED = 19
QUICK = Times(lease_ttl_ms=2000, renew_every_s=0.6)
"""A lease that is soon lost, for the history that waits for it."""


def small(
    *steps: Step,
    seconds: float,
    bodies_per_s: float = 30.0,
    events: int = 1,
    relays: int = 1,
    workers: int = 1,
    patient: bool = True,
) -> Plan:
    """Write a history of one page at one light site, whose conversations take turns."""
    conversations = [Conversation(f"c{n}", PAGE, str(7_000_000 + n), patient) for n in range(CONVERSATIONS)]
    bodies = [
        Body(BEGIN_S + n / bodies_per_s, (Part(f"c{n % CONVERSATIONS}", n // CONVERSATIONS * events, events),))
        for n in range(int(seconds * bodies_per_s))
    ]
    return Plan(
        seed=0,
        size="small",
        seconds=seconds,
        times=QUICK,
        relays=relays,
        workers=workers,
        processes=1,
        sites=(SitePlan(SITE, real=False),),
        pages=(PagePlan(PAGE, SITE),),
        conversations=tuple(conversations),
        bodies=tuple(bodies),
        steps=steps,
    )


def redis_is_away() -> Plan:
    """Show that what is answered with 200 while Redis is away is nowhere."""
    return small(Step(0.9, FaultKind.REDIS_KILLED, REDIS, 0.6), seconds=1.5)


def the_site_hangs_with_a_batch() -> Plan:
    """Show that what was handed out to a site that never took it is nowhere.

    It hangs for longer than `adapters.push.AGAIN_WITHIN_S`: until then the batch would simply be sent once more.
    """
    return small(Step(0.6, FaultKind.SITE_HANGS, SITE, 2.6), seconds=1.0)


def two_relays_and_a_slow_site() -> Plan:
    """Show that a relay delivers while the other one still does."""
    return small(Step(0.0, FaultKind.SITE_SLOW, SITE, 1.6, "0.3"), seconds=1.4, relays=2, workers=0)


def a_relay_sleeps_longer_than_its_lease_lives() -> Plan:
    """Show that it goes on when it wakes up, although the other one took over; until no excuse is left."""
    return small(
        Step(0.0, FaultKind.SITE_SLOW, SITE, 7.0, "0.3"),
        Step(0.8, FaultKind.RELAY_PAUSED, "relay-0", 2.8),
        seconds=6.6,
        bodies_per_s=16.0,
        relays=2,
        patient=False,
    )


def nothing_happens_but_bodies_of_several_events() -> Plan:
    """Show that a body has an order."""
    return small(seconds=0.7, events=3, workers=0)


def the_site_is_killed() -> Plan:
    """Show that what it had answered for and not committed is nowhere."""
    return small(Step(0.8, FaultKind.SITE_KILLED, SITE, 0.3), seconds=1.0)


BROKEN = [
    pytest.param(mutants.BEFORE_APPEND, redis_is_away, Wrong.LOST, id=mutants.BEFORE_APPEND),
    pytest.param(mutants.DELETES_EARLY, the_site_hangs_with_a_batch, Wrong.LOST, id=mutants.DELETES_EARLY),
    pytest.param(mutants.NO_LEASE, two_relays_and_a_slow_site, Wrong.OVERLAPPING, id=mutants.NO_LEASE),
    pytest.param(
        mutants.NO_FENCING, a_relay_sleeps_longer_than_its_lease_lives, Wrong.OVERLAPPING, id=mutants.NO_FENCING
    ),
    pytest.param(
        mutants.REORDERS, nothing_happens_but_bodies_of_several_events, Wrong.OUT_OF_ORDER, id=mutants.REORDERS
    ),
    pytest.param(COMMITS_LATE, the_site_is_killed, Wrong.LOST, id=COMMITS_LATE),
]


async def wrongs(plan: Plan, folder: Path, mutant: str = "") -> set[Wrong]:
    """Run a history and say what was wrong."""
    return {violation.wrong for violation in judge(await run_history(plan, folder, mutant=mutant))}


@pytest.mark.parametrize(("mutant", "history", "expected"), BROKEN)
async def test_a_broken_engine_is_caught(
    tmp_path: Path, mutant: str, history: Callable[[], Plan], expected: Wrong
) -> None:
    assert expected in await wrongs(history(), tmp_path, mutant)


async def test_with_the_engine_as_it_is_the_hardest_of_these_histories_is_fine(tmp_path: Path) -> None:
    assert await wrongs(a_relay_sleeps_longer_than_its_lease_lives(), tmp_path) == set()


async def test_a_random_history_keeps_the_promise_and_leaves_nothing_behind(tmp_path: Path) -> None:
    plan = plan_of(SEED, SHORT)
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    ledger: Ledger = await run_history(plan, tmp_path)

    assert judge(ledger) == [], f"replay with: {plan.command}"
    assert len(ledger.accepted) == plan.events
    assert len(ledger.faults) == len(recoveries(ledger)) == len(plan.steps)
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
