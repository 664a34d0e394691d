"""The sweep: what it does about each outbox, and that it finds whatever was left behind."""

import pytest

from relay.adapters.redis_append import MARK_AGAIN_AFTER_S
from relay.core.delivery import DeliveryState
from relay.core.errors import StoreUnavailable
from relay.engine.sweep import LONGEST_WAIT_S, OVERDUE_AFTER_S, SECOND_LOOK_AFTER_S, Action, Waiting, judge, sweep
from tests.support.clock import NOON, ManualClock
from tests.support.fakes import incoming
from tests.support.memory_outboxes import MemoryOutboxes

UP, PARKED, PAUSED = DeliveryState.UP, DeliveryState.PARKED, DeliveryState.PAUSED
NOTHING, DRAIN, CLEAR = Action.NOTHING, Action.DRAIN, Action.CLEAR

FRESH_MARK, OLD_MARK = NOON - SECOND_LOOK_AFTER_S, NOON - SECOND_LOOK_AFTER_S - 0.001
DUE, OVERDUE = NOON - OVERDUE_AFTER_S + 0.001, NOON - OVERDUE_AFTER_S

SITUATIONS = [
    Waiting(name, round(mark * 1000), events, leased, state, round(attempt * 1000))
    for name in ("acme", "~1122")
    for events in (0, 1)
    for leased in (False, True)
    for state in DeliveryState
    for mark in (FRESH_MARK, OLD_MARK)
    for attempt in (DUE, OVERDUE)
]


def expected(waiting: Waiting) -> Action:
    """Say it again, in the order of the questions an operator would ask."""
    if waiting.leased:
        return NOTHING
    if not waiting.events:
        return CLEAR if waiting.marked_at_ms == round(OLD_MARK * 1000) else NOTHING
    if waiting.outbox == "~1122":
        return NOTHING
    overdue = DRAIN if waiting.next_attempt_ms == round(OVERDUE * 1000) else NOTHING
    return {UP: DRAIN, PAUSED: NOTHING, PARKED: overdue}[waiting.state]


@pytest.mark.parametrize("waiting", SITUATIONS)
def test_every_situation_has_its_action(waiting: Waiting) -> None:
    assert judge(waiting, now=NOON) is expected(waiting)


def test_marks_outlive_by_far_what_a_process_trusts_its_own_for() -> None:
    # Clocks of two machines may differ by the rest.
    assert SECOND_LOOK_AFTER_S - MARK_AGAIN_AFTER_S >= 30


class Lane:
    """Fits `engine.sweep.Claims`."""

    def __init__(self, *, free: bool = True) -> None:
        self.claimed: list[str] = []
        self._free = free

    async def claim(self, outbox: str) -> bool:
        self.claimed.append(outbox)
        return self._free


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(clock: ManualClock) -> MemoryOutboxes:
    return MemoryOutboxes(clock)


async def test_what_a_dead_process_left_behind_is_drained(store: MemoryOutboxes, clock: ManualClock) -> None:
    for site in ("acme", "beta", "~7"):
        await store.append({site: incoming("1", "a")}, token="dead")
    lane = Lane()
    assert await sweep(store, lane, clock=clock) == 0  # its leases have not run out yet
    clock.advance(6.001)

    assert await sweep(store, lane, clock=clock) == 2
    assert lane.claimed == ["acme", "beta"]


async def test_a_drain_that_somebody_else_began_meanwhile_is_not_counted(
    store: MemoryOutboxes, clock: ManualClock
) -> None:
    await store.append({"acme": incoming("1", "a")}, token="")

    assert await sweep(store, Lane(free=False), clock=clock) == 0


async def test_an_empty_outbox_is_forgotten_on_the_second_look(store: MemoryOutboxes, clock: ManualClock) -> None:
    await store.append({"acme": incoming("1", "a")}, token="")
    store.box("acme").entries.clear()
    clock.advance(SECOND_LOOK_AFTER_S)
    await sweep(store, Lane(), clock=clock)
    assert set(store.marks) == {"acme"}
    clock.advance(1)
    await sweep(store, Lane(), clock=clock)

    assert store.marks == {}


async def test_a_mark_that_was_set_anew_meanwhile_stays(store: MemoryOutboxes, clock: ManualClock) -> None:
    await store.append({"acme": incoming("1", "a")}, token="")
    store.box("acme").entries.clear()
    clock.advance(2 * SECOND_LOOK_AFTER_S)

    def append_in_between(name: str) -> None:
        if name == "clear":
            store.marks["acme"] = round(clock() * 1000)

    store.before_call = append_in_between
    await sweep(store, Lane(), clock=clock)

    assert set(store.marks) == {"acme"}


async def test_redis_away_is_the_callers_to_know(store: MemoryOutboxes, clock: ManualClock) -> None:
    store.broken = True
    with pytest.raises(StoreUnavailable):
        await sweep(store, Lane(), clock=clock)


def test_a_next_attempt_further_ahead_than_any_wait_was_set_by_a_wrong_clock_and_is_due() -> None:
    far_ahead = round((NOON + LONGEST_WAIT_S + 1) * 1000)
    waiting = Waiting("acme", round(NOON * 1000), 1, False, DeliveryState.PARKED, far_ahead)

    assert judge(waiting, now=NOON) is Action.DRAIN
