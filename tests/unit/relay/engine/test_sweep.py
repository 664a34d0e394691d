"""The sweep: what it does about each outbox, when it looks again, and that it finds whatever was left behind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.adapters import redis_clients
from relay.adapters.redis_append import MARK_AGAIN_AFTER_S
from relay.core.delivery import DeliveryState
from relay.core.errors import StoreUnavailable
from relay.core.lease import LEASE_TTL_MS
from relay.engine.sweep import (
    AGAIN_AFTER_LEASE_S,
    FORGET_AFTER_S,
    LONGEST_WAIT_S,
    LOOK_AT_EMPTY_EVERY_S,
    OVERDUE_AFTER_S,
    REST_S,
    SWEEP_EVERY_S,
    Action,
    Look,
    Rank,
    Sweep,
    Swept,
    Waiting,
    judge,
)
from tests.support.clock import NOON, ManualClock
from tests.support.fakes import incoming
from tests.support.memory_outboxes import MemoryOutboxes

UP, PARKED, PAUSED = DeliveryState.UP, DeliveryState.PARKED, DeliveryState.PAUSED
NOTHING, DRAIN, FORGET = Action.NOTHING, Action.DRAIN, Action.FORGET
NOON_MS = round(NOON * 1000)
JUST_OVERDUE_MS = NOON_MS - round(OVERDUE_AFTER_S * 1000)


def outbox(
    name: str = "acme", events: int = 1, lease_ms: int = 0, state: DeliveryState = UP, next_attempt_ms: int = 0
) -> Waiting:
    return Waiting(name, 0, events, lease_ms, state, next_attempt_ms)


@pytest.mark.parametrize(
    ("waiting", "look"),
    [
        pytest.param(outbox(), Look(DRAIN, SWEEP_EVERY_S), id="nobody brings what waits"),
        pytest.param(outbox(lease_ms=4200), Look(NOTHING, 4.2 + AGAIN_AFTER_LEASE_S), id="somebody does"),
        pytest.param(outbox(events=0), Look(NOTHING, LOOK_AT_EMPTY_EVERY_S), id="nothing waits"),
        pytest.param(outbox(events=0, lease_ms=1), Look(NOTHING, 0.001 + AGAIN_AFTER_LEASE_S), id="the last was sent"),
        pytest.param(outbox("~1122"), Look(NOTHING, REST_S), id="no site claims the page"),
        pytest.param(outbox(state=PAUSED), Look(NOTHING, REST_S), id="paused"),
        pytest.param(
            outbox(state=PARKED, next_attempt_ms=NOON_MS + 600_000),
            Look(NOTHING, 600 + OVERDUE_AFTER_S),
            id="parked, the probe lies ahead",
        ),
        pytest.param(
            outbox(state=PARKED, next_attempt_ms=JUST_OVERDUE_MS + 1), Look(NOTHING, 0.001), id="parked, nearly overdue"
        ),
        pytest.param(
            outbox(state=PARKED, next_attempt_ms=JUST_OVERDUE_MS), Look(DRAIN, SWEEP_EVERY_S), id="parked, overdue"
        ),
        pytest.param(outbox(state=PARKED), Look(DRAIN, SWEEP_EVERY_S), id="parked without a time"),
        pytest.param(
            outbox(state=PARKED, next_attempt_ms=NOON_MS + round(LONGEST_WAIT_S * 1000) + 1),
            Look(DRAIN, SWEEP_EVERY_S),
            id="parked by a clock that was put back since",
        ),
    ],
)
def test_every_situation_has_its_action_and_its_next_look(waiting: Waiting, look: Look) -> None:
    assert judge(waiting, now_ms=NOON_MS, empty_since_ms=None) == pytest.approx(look)


@pytest.mark.parametrize(
    ("empty_for_s", "action"), [(0.0, NOTHING), (FORGET_AFTER_S - 0.001, NOTHING), (FORGET_AFTER_S, FORGET)]
)
def test_an_outbox_is_forgotten_when_it_was_seen_empty_for_long_enough(empty_for_s: float, action: Action) -> None:
    since_ms = NOON_MS - round(empty_for_s * 1000)

    assert judge(outbox(events=0), now_ms=NOON_MS, empty_since_ms=since_ms).action is action


@given(
    events=st.integers(0, 2),
    lease_ms=st.integers(0, LEASE_TTL_MS),
    state=st.sampled_from(DeliveryState),
    attempt_in_s=st.floats(-1e6, 1e6),
    empty_for_s=st.none() | st.floats(0, 1e6),
)
def test_whatever_is_seen_the_next_look_lies_ahead_and_never_further_than_an_hour_or_so(
    events: int, lease_ms: int, state: DeliveryState, attempt_in_s: float, empty_for_s: float | None
) -> None:
    waiting = outbox(events=events, lease_ms=lease_ms, state=state, next_attempt_ms=round((NOON + attempt_in_s) * 1000))
    since_ms = None if empty_for_s is None else NOON_MS - round(empty_for_s * 1000)
    look = judge(waiting, now_ms=NOON_MS, empty_since_ms=since_ms)

    assert look.action is FORGET or 0 < look.again_in_s <= LONGEST_WAIT_S + OVERDUE_AFTER_S
    assert (look.action is FORGET) <= (not events and not lease_ms)
    assert (look.action is DRAIN) <= (bool(events) and not lease_ms and state is not PAUSED)


def test_an_outbox_is_forgotten_only_after_every_append_that_trusted_an_older_mark_has_arrived() -> None:
    longest_append_s = 2 * (redis_clients.ANSWER_TIMEOUT_S + redis_clients.CONNECT_TIMEOUT_S)

    assert MARK_AGAIN_AFTER_S + longest_append_s < FORGET_AFTER_S


class Lane:
    """Fits `engine.sweep.Claims`: claims as a lane does, and drains nothing."""

    def __init__(self, store: MemoryOutboxes) -> None:
        self.claimed: list[str] = []
        self._store = store

    async def claim(self, outbox: str) -> bool:
        claimed = await self._store.claim(outbox, token="lane")
        if claimed:
            self.claimed.append(outbox)
        return claimed


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(clock: ManualClock) -> MemoryOutboxes:
    return MemoryOutboxes(clock)


@pytest.fixture
def lane(store: MemoryOutboxes) -> Lane:
    return Lane(store)


@pytest.fixture
def sweep(store: MemoryOutboxes, lane: Lane) -> Sweep:
    return Sweep(store, lane, rank=Rank.WORKER, token="1")


async def test_what_a_dead_process_left_behind_is_drained_within_one_sweep_of_its_leases_end(
    store: MemoryOutboxes, clock: ManualClock, sweep: Sweep, lane: Lane
) -> None:
    for site in ("acme", "beta", "~7"):
        await store.append({site: incoming("1", "a")}, token="dead")
    for _ in range(3):
        assert (await sweep.once()).started == 0  # its leases have not run out yet
        clock.advance(SWEEP_EVERY_S)
    clock.advance(SWEEP_EVERY_S)

    assert await sweep.once() == Swept(mine=True, started=2)
    assert lane.claimed == ["acme", "beta"]


async def test_while_nothing_is_due_a_sweep_is_one_call(
    store: MemoryOutboxes, clock: ManualClock, sweep: Sweep
) -> None:
    for number in range(50):
        name = f"site-{number}"
        await store.append({name: incoming("1", "a")}, token="")
        store.box(name).state, store.box(name).next_attempt_ms = PARKED, NOON_MS + 600_000
    await sweep.once()
    store.calls.clear()
    for _ in range(10):
        clock.advance(SWEEP_EVERY_S)
        await sweep.once()

    assert store.calls == ["take"] * 10


async def test_a_drain_that_somebody_else_began_meanwhile_is_not_counted(
    store: MemoryOutboxes, sweep: Sweep, lane: Lane
) -> None:
    def overtake(name: str) -> None:
        if name == "plan":
            store.before_call = lambda _name: None
            store.box("acme").token, store.box("acme").leased_until = "live", NOON + 6

    await store.append({"acme": incoming("1", "a")}, token="")
    store.before_call = overtake

    assert await sweep.once() == Swept(mine=True, started=0)
    assert lane.claimed == []


class TestForgetting:
    async def empty(self, store: MemoryOutboxes) -> None:
        await store.append({"acme": incoming("1", "a")}, token="")
        store.box("acme").entries.clear()

    async def sweep_for(self, seconds: float, clock: ManualClock, sweep: Sweep) -> None:
        for _ in range(round(seconds / SWEEP_EVERY_S)):
            await sweep.once()
            clock.advance(SWEEP_EVERY_S)
        await sweep.once()

    async def test_an_outbox_that_stays_empty_is_forgotten(
        self, store: MemoryOutboxes, clock: ManualClock, sweep: Sweep
    ) -> None:
        await self.empty(store)
        await self.sweep_for(FORGET_AFTER_S - SWEEP_EVERY_S, clock, sweep)
        assert set(store.looks) == {"acme"}
        await self.sweep_for(LOOK_AT_EMPTY_EVERY_S + 2 * SWEEP_EVERY_S, clock, sweep)

        assert store.looks == {}

    async def test_a_new_mark_begins_the_time_anew(
        self, store: MemoryOutboxes, clock: ManualClock, sweep: Sweep
    ) -> None:
        await self.empty(store)
        await self.sweep_for(FORGET_AFTER_S - SWEEP_EVERY_S, clock, sweep)
        await self.empty(store)
        await self.sweep_for(FORGET_AFTER_S - SWEEP_EVERY_S, clock, sweep)

        assert set(store.looks) == {"acme"}

    async def test_a_mark_that_is_set_while_the_sweep_looks_stays(
        self, store: MemoryOutboxes, clock: ManualClock, sweep: Sweep
    ) -> None:
        await self.empty(store)

        def mark(name: str) -> None:
            if name == "plan":
                store.looks["acme"] = 0

        store.before_call = mark
        await self.sweep_for(2 * FORGET_AFTER_S, clock, sweep)

        assert store.looks == {"acme": 0}

    async def test_another_process_that_takes_over_trusts_its_own_eyes_alone(
        self, store: MemoryOutboxes, clock: ManualClock, sweep: Sweep, lane: Lane
    ) -> None:
        await self.empty(store)
        await self.sweep_for(FORGET_AFTER_S - SWEEP_EVERY_S, clock, sweep)
        store.sweeper = ""
        other = Sweep(store, lane, rank=Rank.WORKER, token="2")
        await self.sweep_for(FORGET_AFTER_S - SWEEP_EVERY_S, clock, other)

        assert set(store.looks) == {"acme"}


class TestWhoSweeps:
    async def test_one_does_and_the_others_stand_by(self, store: MemoryOutboxes, sweep: Sweep, lane: Lane) -> None:
        other = Sweep(store, lane, rank=Rank.WORKER, token="2")
        await store.append({"acme": incoming("1", "a")}, token="")

        assert await sweep.once() == Swept(mine=True, started=1)
        assert await other.once() == Swept(mine=False)

    async def test_a_worker_takes_over_from_a_web_process_and_not_the_reverse(
        self, store: MemoryOutboxes, lane: Lane
    ) -> None:
        web, worker = (Sweep(store, lane, rank=rank, token="1") for rank in (Rank.WEB, Rank.WORKER))

        assert [(await each.once()).mine for each in (web, worker, web, worker)] == [True, True, False, True]


async def test_redis_away_is_the_callers_to_know(store: MemoryOutboxes, sweep: Sweep) -> None:
    store.broken = True
    with pytest.raises(StoreUnavailable):
        await sweep.once()
