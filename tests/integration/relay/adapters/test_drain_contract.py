"""One suite for every store of outboxes, Redis, a cluster of it and the fake in memory: draining.

What is promised here is the contract of `engine.ports` and `engine.sweep`; what only Redis can do wrong is tested in
each adapter's own file.
"""

import pytest

from relay.core.delivery import DeliveryState
from relay.core.outbox import DEFAULT_LIMITS, BatchLimits
from relay.engine.ports import Acknowledged, Batch, Parked, Refusals, Step
from relay.engine.sweep import Rank
from shared.wire import Rejection
from tests.support.fakes import payloads
from tests.support.outbox_stores import WAIT_S, Store, failures_of, sent

pytestmark = pytest.mark.xdist_group("one cluster for the contract")


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
