"""One suite for every store of outboxes: Redis with its scripts, and the fake in memory on which the engine is tested.

What is promised here is the contract of `engine.ports` and `engine.sweep`; what only Redis can do wrong is tested in
each adapter's own file.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from relay.adapters import redis_clients
from relay.core.change import Mandate
from relay.core.delivery import DeliveryState
from relay.core.errors import ChangeOvertaken
from relay.core.lease import LEASE_TTL_MS
from relay.core.outbox import DEFAULT_LIMITS, BatchLimits
from relay.core.webhook import Incoming
from relay.engine.announcing import Announced
from relay.engine.binding import BindingStore
from relay.engine.ports import Acknowledged, Appended, Batch, Parked, Refusals, Step
from relay.engine.sweep import Rank
from shared.wire import Rejection
from tests.support.fakes import incoming, payloads
from tests.support.outbox_stores import Store, failures_of, memory_store, redis_store, sent

FIRST, SECOND = Mandate("1", 1), Mandate("1", 2)
WAIT_S = 600.0

pytestmark = pytest.mark.xdist_group("one cluster for the contract")


@pytest.fixture(params=["memory", "redis", "cluster"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield memory_store()
        return
    client = redis_clients.open_async(request.getfixturevalue(f"{request.param}_url"))
    yield redis_store(client)
    await client.aclose()


class TestAppend:
    async def test_events_keep_their_order_within_and_across_appends(self, store: Store) -> None:
        await store.add("acme", "a", "b")
        await store.add("acme", "c")

        assert await store.waiting() == payloads("a", "b", "c")

    async def test_several_outboxes_are_served_in_one_go(self, store: Store) -> None:
        groups = {"acme": incoming("1", "a"), "~2": incoming("2", "b"), "beta": incoming("3", "c")}
        answer = await store.appender.append(groups, token="t1")

        assert answer == {"acme": Appended(True, []), "~2": Appended(False, []), "beta": Appended(True, [])}
        assert [await store.waiting(name) for name in groups] == [payloads("a"), payloads("b"), payloads("c")]

    async def test_the_first_gets_the_lease_and_the_next_does_not(self, store: Store) -> None:
        assert (await store.add("acme", "a", holder="t1")).leased
        assert not (await store.add("acme", "b", holder="t2")).leased
        assert sent(await store.take("t1")) == payloads("a", "b")

    async def test_without_a_token_no_lease_is_taken(self, store: Store) -> None:
        assert not (await store.add("acme", "a")).leased
        assert (await store.add("acme", "b", holder="t1")).leased

    async def test_no_events_take_no_lease(self, store: Store) -> None:
        assert await store.add("acme", holder="t1") == Appended(False, [])
        assert (await store.add("acme", "a", holder="t2")).leased

    async def test_a_site_that_is_parked_or_paused_collects_without_a_lease(self, store: Store) -> None:
        await store.add("acme", "a", holder="t1")
        await store.drain.park("acme", token="t1", wait_s=WAIT_S, reason="away")
        assert not (await store.add("acme", "b", holder="t2")).leased
        await store.pause()
        assert not (await store.add("acme", "c", holder="t3")).leased
        assert await store.waiting() == payloads("a", "b", "c")

    async def test_events_of_a_fenced_page_are_refused_by_index_and_others_are_not(self, store: Store) -> None:
        await store.bindings.fence(Mandate("2", 1), "acme")
        mixed = [*incoming("1", "a"), *incoming("2", "b"), *incoming("1", "c"), *incoming("2", "d")]

        answer = await store.appender.append({"acme": mixed}, token="t1")
        assert answer == {"acme": Appended(True, [1, 3])}
        assert await store.waiting() == payloads("a", "c")

    async def test_where_all_are_refused_no_lease_is_taken(self, store: Store) -> None:
        await store.bindings.fence(FIRST, "acme")
        assert await store.add("acme", "a", "b", holder="t1") == Appended(False, [0, 1])
        await store.bindings.open(FIRST, "acme")

        assert await store.add("acme", "c", holder="t2") == Appended(True, [])

    async def test_payloads_stay_as_they_are(self, store: Store) -> None:
        odd = [b"", b"\x00\xff\r\n", b"x" * 300_000, "\u00e4\U0001f600".encode()]
        await store.appender.append({"acme": [Incoming("1", "messaging", each) for each in odd]}, token="t1")

        assert sent(await store.take("t1")) == odd


class TestNextBatch:
    async def test_it_is_cut_by_count_and_by_bytes_but_never_empty(self, store: Store) -> None:
        await store.add("acme", "aa", "bb", "cc", "d" * 50, "ee", holder="t1")
        sizes, done = [], None
        for limits in (BatchLimits(2, 1000), BatchLimits(9, 9), BatchLimits(9, 1), BatchLimits(1, 1000)):
            batch = await store.take("t1", done, limits)
            sizes.append(len(batch.entries))
            done = Acknowledged(batch.entries)

        assert sizes == [2, 1, 1, 1]
        assert await store.drain.next_batch("acme", token="t1", done=done, limits=DEFAULT_LIMITS) is Step.IDLE

    @pytest.mark.parametrize(("most_bytes", "events"), [(7, 1), (8, 2), (11, 2), (12, 3)])
    async def test_a_batch_may_be_exactly_as_large_as_its_limit(
        self, store: Store, most_bytes: int, events: int
    ) -> None:
        await store.add("acme", "aa", "bb", "cc", holder="t1")  # four bytes each, with their quotes

        assert len((await store.take("t1", limits=BatchLimits(9, most_bytes))).entries) == events

    async def test_it_comes_again_until_it_is_acknowledged(self, store: Store) -> None:
        await store.add("acme", "a", "b", holder="t1")
        first, again = await store.take("t1"), await store.take("t1")

        assert first == again

    async def test_what_is_acknowledged_is_gone_and_what_came_meanwhile_is_next(self, store: Store) -> None:
        await store.add("acme", "a", "b", "c", holder="t1")
        batch = await store.take("t1", limits=BatchLimits(2, 1000))
        await store.add("acme", "d")

        assert sent(await store.take("t1", Acknowledged(batch.entries))) == payloads("c", "d")
        assert await store.waiting() == payloads("c", "d")

    async def test_a_part_of_a_batch_may_be_acknowledged(self, store: Store) -> None:
        await store.add("acme", "a", "b", "c", holder="t1")
        batch = await store.take("t1")

        assert sent(await store.take("t1", Acknowledged(batch.entries[:1]))) == payloads("b", "c")

    async def test_an_empty_outbox_gives_its_lease_back(self, store: Store) -> None:
        await store.add("acme", "a", holder="t1")
        batch = await store.take("t1")
        done = Acknowledged(batch.entries)

        assert await store.drain.next_batch("acme", token="t1", done=done, limits=DEFAULT_LIMITS) is Step.IDLE
        assert (await store.add("acme", "b", holder="t2")).leased

    async def test_a_paused_site_gives_its_lease_back_and_keeps_what_was_not_acknowledged(self, store: Store) -> None:
        await store.add("acme", "a", "b", holder="t1")
        batch = await store.take("t1", limits=BatchLimits(1, 1000))
        await store.pause()
        done = Acknowledged(batch.entries)

        assert await store.drain.next_batch("acme", token="t1", done=done, limits=DEFAULT_LIMITS) is Step.PAUSED
        assert await store.waiting() == payloads("b")
        assert await store.drain.claim("acme", token="t2")

    async def test_ids_grow_and_tell_the_time(self, store: Store) -> None:
        await store.add("acme", *"abcdefghijkl", holder="t1")
        ids = [entry.id for entry in (await store.take("t1")).entries]
        order = [tuple(map(int, each.split("-"))) for each in ids]

        assert order == sorted(set(order))
        assert all(entry.accepted_at_ms > 1_600_000_000_000 for entry in (await store.take("t1")).entries)

    async def test_what_was_refused_for_good_is_a_dead_letter_with_its_reason(self, store: Store) -> None:
        await store.add("acme", "a", "b", "c", holder="t1")
        batch = await store.take("t1")
        rejected = [Rejection(batch.entries[0].id, "odd"), Rejection(batch.entries[2].id, "\u00e4")]
        done = Acknowledged(batch.entries, rejected)

        assert await store.drain.next_batch("acme", token="t1", done=done, limits=DEFAULT_LIMITS) is Step.IDLE
        assert await store.dead() == [(b'"a"', "odd"), (b'"c"', "\u00e4")]
        assert await store.waiting() == []


class TestFencing:
    """Whoever lost the lease changes nothing, whatever it does."""

    @pytest.fixture
    async def lost(self, store: Store) -> tuple[Store, Batch]:
        await store.add("acme", "a", "b", holder="old")
        batch = await store.take("old")
        await store.lose_lease()
        assert await store.drain.claim("acme", token="new")
        return store, batch

    async def test_by_settling(self, lost: tuple[Store, Batch]) -> None:
        store, batch = lost
        done = Acknowledged(batch.entries, [Rejection(batch.entries[0].id, "odd")])
        assert await store.drain.next_batch("acme", token="old", done=done, limits=DEFAULT_LIMITS) is Step.STALE
        assert await store.drain.release("acme", token="old", done=done) is Step.STALE

        assert (await store.waiting(), await store.dead()) == (payloads("a", "b"), [])
        assert await store.take("new") == batch

    async def test_by_extending(self, lost: tuple[Store, Batch]) -> None:
        store, _ = lost
        assert await store.drain.extend("acme", token="old") is Step.STALE
        assert await store.drain.extend("acme", token="new") is Step.HELD

    async def test_by_parking(self, lost: tuple[Store, Batch]) -> None:
        store, _ = lost
        assert await store.drain.park("acme", token="old", wait_s=WAIT_S, reason="away") is Step.STALE
        assert (await store.take("new")).failures == 0

    async def test_where_nobody_took_over_a_lost_lease_is_lost_all_the_same(self, store: Store) -> None:
        await store.add("acme", "a", holder="old")
        await store.lose_lease()

        assert await store.drain.extend("acme", token="old") is Step.STALE
        assert await store.drain.park("acme", token="old", wait_s=WAIT_S, reason="away") is Step.STALE
        assert (await store.add("acme", "b", holder="new")).leased


class TestClaimAndRelease:
    async def test_one_claims(self, store: Store) -> None:
        assert await store.drain.claim("acme", token="t1")
        assert not await store.drain.claim("acme", token="t2")

    async def test_who_lost_the_answer_asks_again_and_has_it(self, store: Store) -> None:
        assert await store.drain.claim("acme", token="t1")
        assert await store.drain.claim("acme", token="t1")
        assert (await store.add("beta", "a", holder="t2")).leased
        assert (await store.add("beta", "a", holder="t2")).leased

    async def test_releasing_hands_in_what_was_acknowledged(self, store: Store) -> None:
        await store.add("acme", "a", "b", holder="t1")
        batch = await store.take("t1", limits=BatchLimits(1, 1000))
        step = await store.drain.release("acme", token="t1", done=Acknowledged(batch.entries))

        assert step is Step.RELEASED
        assert await store.waiting() == payloads("b")
        assert await store.drain.claim("acme", token="t2")

    async def test_releasing_nothing_gives_the_lease_back(self, store: Store) -> None:
        await store.add("acme", "a", holder="t1")
        assert await store.drain.release("acme", token="t1", done=None) is Step.RELEASED
        assert await store.waiting() == payloads("a")


class TestParking:
    async def test_failures_are_counted_until_a_batch_gets_through(self, store: Store) -> None:
        await store.add("acme", "a", "b")
        for failures in (1, 2, 3):
            holder = f"t{failures}"
            assert await store.drain.claim("acme", token=holder)
            assert (await store.take(holder)).failures == failures - 1
            assert failures_of(await store.drain.park("acme", token=holder, wait_s=WAIT_S, reason="away")) == failures
        await store.drain.claim("acme", token="up")
        batch = await store.take("up", limits=BatchLimits(1, 1000))
        rest = await store.take("up", Acknowledged(batch.entries))

        assert (batch.failures, rest.failures) == (3, 0)
        assert await store.drain.release("acme", token="up", done=None) is Step.RELEASED
        assert (await store.add("acme", "c", holder="live")).leased

    async def test_pausing_counts_and_is_stronger_than_parking(self, store: Store) -> None:
        await store.add("acme", "a", holder="t1")
        assert await store.drain.park("acme", token="t1", wait_s=None, reason="410") is Step.PAUSED
        assert await store.drain.claim("acme", token="t2")
        assert await store.drain.park("acme", token="t2", wait_s=WAIT_S, reason="away") is Step.PAUSED

        (waiting,) = await store.due()
        assert (waiting.state, waiting.lease_ms, waiting.next_attempt_ms) == (DeliveryState.PAUSED, 0, 0)

    async def test_the_next_attempt_is_told_by_the_stores_own_clock(self, store: Store) -> None:
        await store.add("acme", "a", holder="t1")
        parked = await store.drain.park("acme", token="t1", wait_s=30.0, reason="away")
        taken = await store.index.take(Rank.WORKER, "1")

        assert taken is not None
        assert isinstance(parked, Parked)
        assert 29_000 < parked.next_attempt_ms - taken.now_ms <= 30_000

    async def test_how_often_one_event_was_refused_alone_is_counted(self, store: Store) -> None:
        await store.add("acme", "a")
        assert await store.drain.refusals("acme") == Refusals()
        for number, refused in enumerate(["1-0", "1-0", "", "1-0", "2-0"]):
            assert await store.drain.claim("acme", token=f"t{number}")
            await store.drain.park("acme", token=f"t{number}", wait_s=1.0, reason="400", refused=refused)
            if number == 3:
                assert await store.drain.refusals("acme") == Refusals("1-0", 3)

        assert await store.drain.refusals("acme") == Refusals("2-0", 1)


class TestAnnouncing:
    """A site that says it takes events: `ready`."""

    async def parked(self, store: Store, *texts: str, times: int = 1, wait_s: float = WAIT_S) -> None:
        """Append and fail so often, with a next attempt that is far away."""
        await store.add("acme", *texts)
        for number in range(times):
            assert await store.drain.claim("acme", token=f"p{number}")
            await store.drain.park("acme", token=f"p{number}", wait_s=wait_s, reason="away")

    async def test_a_parked_site_is_due_and_the_next_failure_begins_a_new_ladder(self, store: Store) -> None:
        await self.parked(store, "a", times=5)
        announced = await store.announcements.ready("acme")
        (waiting,) = await store.due()

        assert announced == Announced(DeliveryState.PARKED, 1, draining=False)
        assert waiting.next_attempt_ms == 0
        assert await store.drain.claim("acme", token="t1")
        assert (await store.take("t1")).failures == 1
        assert failures_of(await store.drain.park("acme", token="t1", wait_s=WAIT_S, reason="away")) == 2

    async def test_a_parked_site_for_which_nothing_waits_is_up_and_its_next_event_goes_the_live_way(
        self, store: Store
    ) -> None:
        await self.parked(store, times=3)
        assert await store.announcements.ready("acme") == Announced(DeliveryState.UP, 0, draining=False)
        assert (await store.add("acme", "a", holder="live")).leased
        assert (await store.take("live")).failures == 0

    async def test_a_paused_site_stays_paused(self, store: Store) -> None:
        await store.add("acme", "a")
        await store.pause()
        assert await store.announcements.ready("acme") == Announced(DeliveryState.PAUSED, 1, draining=False)
        assert not (await store.add("acme", "b", holder="t1")).leased

    async def test_a_site_that_was_never_heard_of_is_up(self, store: Store) -> None:
        assert await store.announcements.ready("acme") == Announced(DeliveryState.UP, 0, draining=False)

    async def test_an_attempt_under_way_that_fails_is_made_again_at_once_under_the_same_lease(
        self, store: Store
    ) -> None:
        await store.add("acme", "a", holder="t1")
        batch = await store.take("t1")
        announced = await store.announcements.ready("acme")

        assert announced == Announced(DeliveryState.UP, 1, draining=True)
        assert await store.drain.park("acme", token="t1", wait_s=WAIT_S, reason="away") is Step.HELD
        assert not await store.drain.claim("acme", token="t2")
        assert await store.take("t1") == batch

    async def test_one_announcement_is_worth_one_attempt(self, store: Store) -> None:
        await store.add("acme", "a", holder="t1")
        await store.announcements.ready("acme")
        assert await store.drain.park("acme", token="t1", wait_s=WAIT_S, reason="away") is Step.HELD
        assert failures_of(await store.drain.park("acme", token="t1", wait_s=WAIT_S, reason="away")) == 1

    async def test_the_probe_of_a_parked_site_too_is_made_again(self, store: Store) -> None:
        await self.parked(store, "a", times=5)
        await store.drain.claim("acme", token="t1")
        assert await store.announcements.ready("acme") == Announced(DeliveryState.PARKED, 1, draining=True)
        assert await store.drain.park("acme", token="t1", wait_s=WAIT_S, reason="away") is Step.HELD
        assert failures_of(await store.drain.park("acme", token="t1", wait_s=WAIT_S, reason="away")) == 2

    async def test_what_was_said_to_another_drain_means_nothing_to_the_next(self, store: Store) -> None:
        await store.add("acme", "a", holder="t1")
        await store.announcements.ready("acme")
        await store.lose_lease()
        assert await store.drain.claim("acme", token="t2")
        assert failures_of(await store.drain.park("acme", token="t2", wait_s=WAIT_S, reason="away")) == 1

    async def test_a_site_that_answers_410_is_paused_whatever_it_announced(self, store: Store) -> None:
        await store.add("acme", "a", holder="t1")
        await store.announcements.ready("acme")
        assert await store.drain.park("acme", token="t1", wait_s=None, reason="410") is Step.PAUSED
        assert await store.announcements.ready("acme") == Announced(DeliveryState.PAUSED, 1, draining=False)

    async def test_a_site_that_was_paused_meanwhile_is_not_tried_again(self, store: Store) -> None:
        await store.add("acme", "a", holder="t1")
        await store.announcements.ready("acme")
        await store.pause()
        assert await store.drain.park("acme", token="t1", wait_s=WAIT_S, reason="away") is Step.PAUSED
        assert await store.drain.claim("acme", token="t2")

    @pytest.mark.parametrize(
        ("wait_s", "if_due", "claimed"),
        [
            pytest.param(WAIT_S, True, False, id="early"),
            pytest.param(0.0, True, True, id="due"),
            pytest.param(1.0, True, True, id="a little early, as clocks differ"),
            pytest.param(WAIT_S, False, True, id="whatever its time"),
        ],
    )
    async def test_a_probe_comes_when_it_is_due_and_not_before(
        self, store: Store, *, wait_s: float, if_due: bool, claimed: bool
    ) -> None:
        await self.parked(store, "a", wait_s=wait_s)
        assert await store.drain.claim("acme", token="t1", if_due=if_due) is claimed

    async def test_a_probe_that_an_announcement_overtook_is_harmless(self, store: Store) -> None:
        await self.parked(store, "a")
        await store.announcements.ready("acme")
        assert await store.drain.claim("acme", token="t1", if_due=True)
        batch = await store.take("t1")
        done = Acknowledged(batch.entries)
        assert await store.drain.next_batch("acme", token="t1", done=done, limits=DEFAULT_LIMITS) is Step.IDLE
        assert await store.drain.claim("acme", token="late probe", if_due=True)
        assert await store.drain.next_batch("acme", token="late probe", done=None, limits=DEFAULT_LIMITS) is Step.IDLE
        assert (await store.add("acme", "b", holder="live")).leased


class TestIndex:
    async def test_every_outbox_that_was_appended_to_is_known_with_how_it_stands(self, store: Store) -> None:
        await store.add("acme", "a", "b", holder="t1")
        await store.add("~9", "c", page="9")
        parked = await store.drain.park("acme", token="t1", wait_s=WAIT_S, reason="away")
        await store.add("beta", holder="t2")
        known = {each.outbox: each for each in await store.due()}

        assert set(known) == {"acme", "~9", "beta"}
        acme, holding = known["acme"], known["~9"]
        assert (acme.events, acme.lease_ms, acme.state) == (2, 0, DeliveryState.PARKED)
        assert isinstance(parked, Parked)
        assert acme.next_attempt_ms == parked.next_attempt_ms
        assert (holding.events, holding.lease_ms, holding.state) == (1, 0, DeliveryState.UP)
        assert acme.planned_ms == 0

    async def test_what_is_left_of_a_lease_is_told(self, store: Store) -> None:
        await store.add("acme", "a", holder="t1")
        (waiting,) = await store.due()

        assert LEASE_TTL_MS - 2000 < waiting.lease_ms <= LEASE_TTL_MS

    async def test_what_was_taken_is_not_due_for_a_while(self, store: Store) -> None:
        await store.add("acme", "a")

        assert [len(await store.due()) for _ in range(2)] == [1, 0]

    async def test_a_plan_holds_unless_the_outbox_was_marked_since(self, store: Store) -> None:
        for name in ("acme", "beta", "gamma"):
            await store.add(name, "a")
        taken = await store.index.take(Rank.WORKER, "1")
        assert taken is not None
        assert await store.drain.claim("acme", token="t1")
        await store.index.plan(taken, {"acme": None, "beta": None, "gamma": taken.now_ms, "never": taken.now_ms})

        assert {each.outbox: each.planned_ms for each in await store.due()} == {"acme": 0, "gamma": taken.now_ms}

    async def test_whoever_claims_or_gives_back_a_lease_marks_the_outbox(self, store: Store) -> None:
        assert await store.drain.claim("acme", token="t1")
        assert [each.outbox for each in await store.due()] == ["acme"]
        await store.drain.release("acme", token="t1", done=None)
        assert [each.outbox for each in await store.due()] == ["acme"]

    async def test_one_process_sweeps_at_a_time(self, store: Store) -> None:
        assert await store.index.take(Rank.WEB, "1") is not None
        assert await store.index.take(Rank.WEB, "2") is None
        assert await store.index.take(Rank.WORKER, "3") is not None
        assert await store.index.take(Rank.WEB, "1") is None


class TestBindings:
    async def test_the_first_site_owns_a_page_until_it_is_erased(self, store: Store) -> None:
        assert await store.bindings.write(FIRST, "acme") == "acme"
        assert await store.bindings.write(FIRST, "beta") == "acme"
        assert await store.bindings.owners(["2", "1"]) == {"1": "acme"}
        await store.bindings.erase(FIRST, "beta")
        assert await store.bindings.owners(["1"]) == {"1": "acme"}
        await store.bindings.erase(FIRST, "acme")
        await store.bindings.erase(FIRST, "acme")
        assert await store.bindings.owners(["1"]) == {}
        assert await store.bindings.write(FIRST, "beta") == "beta"

    async def test_a_page_that_is_reserved_is_nobody_elses_and_webhooks_know_nothing_of_it(self, store: Store) -> None:
        assert await store.bindings.reserved_by("1") is None
        assert await store.bindings.reserve(FIRST, "acme") == "acme"
        assert await store.bindings.reserve(FIRST, "beta") == "acme"
        assert await store.bindings.write(FIRST, "beta") == "acme"
        assert (await store.bindings.owners(["1"]), await store.bindings.reserved_by("1")) == ({}, "acme")
        assert await store.bindings.write(FIRST, "acme") == "acme"
        assert (await store.bindings.owners(["1"]), await store.bindings.reserved_by("1")) == ({"1": "acme"}, "acme")
        assert await store.bindings.reserve(FIRST, "beta") == "acme"
        await store.bindings.erase(FIRST, "acme")
        assert await store.bindings.reserve(FIRST, "beta") == "beta"
        await store.bindings.erase(FIRST, "beta")
        assert await store.bindings.reserved_by("1") is None

    @pytest.mark.parametrize(
        "step",
        [
            pytest.param(lambda bindings: bindings.enter(FIRST), id="enter"),
            pytest.param(lambda bindings: bindings.reserve(FIRST, "beta"), id="reserve"),
            pytest.param(lambda bindings: bindings.write(FIRST, "beta"), id="write"),
            pytest.param(lambda bindings: bindings.erase(FIRST, "acme"), id="erase"),
            pytest.param(lambda bindings: bindings.fence(FIRST, "acme"), id="fence where it is"),
            pytest.param(lambda bindings: bindings.open(FIRST, "beta"), id="open where it is not"),
            pytest.param(lambda bindings: bindings.fence(FIRST, "~1"), id="fence where it waits"),
            pytest.param(lambda bindings: bindings.move(FIRST, "acme", limit=9), id="move"),
        ],
    )
    async def test_a_change_that_was_overtaken_can_do_nothing_any_more(
        self, store: Store, step: Callable[[BindingStore], Awaitable[object]]
    ) -> None:
        await store.add("~1", "waits")
        assert await store.bindings.enter(SECOND) is None
        assert await store.bindings.write(SECOND, "acme") == "acme"
        await store.bindings.open(SECOND, "acme")
        await store.bindings.open(SECOND, "~1")
        await store.bindings.fence(SECOND, "beta")
        with pytest.raises(ChangeOvertaken, match="change of page 1 stood still"):
            await step(store.bindings)

        assert await store.bindings.owners(["1"]) == {"1": "acme"}
        refused = {name: (await store.add(name, "new")).refused for name in ("acme", "beta", "~1")}
        assert refused == {"acme": [], "beta": [0], "~1": []}
        assert await store.waiting("~1") == payloads("waits", "new")

    async def test_another_page_is_another_matter(self, store: Store) -> None:
        await store.bindings.enter(SECOND)
        await store.bindings.fence(SECOND, "acme")

        assert await store.bindings.write(Mandate("2", 1), "acme") == "acme"
        await store.bindings.fence(Mandate("2", 1), "acme")

    async def test_moving_takes_the_oldest_first_behind_what_is_there(self, store: Store) -> None:
        await store.add("acme", "x")
        await store.add("~1", "a", "b", "c")

        assert await store.bindings.move(FIRST, "acme", limit=2) == 2
        assert await store.waiting("~1") == payloads("c")
        assert await store.bindings.move(FIRST, "acme", limit=2) == 1
        assert await store.bindings.move(FIRST, "acme", limit=2) == 0
        assert await store.waiting() == payloads("x", "a", "b", "c")

    async def test_what_was_moved_is_known_to_the_sweep(self, store: Store) -> None:
        await store.add("~1", "a")
        await store.bindings.move(FIRST, "acme", limit=9)

        assert {each.outbox: each.events for each in await store.due()} == {"~1": 0, "acme": 1}
