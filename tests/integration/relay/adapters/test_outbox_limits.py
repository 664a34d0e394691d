"""The limits of an outbox, as every store of outboxes keeps them: Redis with its scripts, and the fake in memory."""

from collections.abc import AsyncIterator, Callable

import pytest

from relay.adapters import redis_clients
from relay.core.change import Mandate
from relay.core.limits import DAY_MS, Limits, LossReason
from relay.core.outbox import DEFAULT_LIMITS, BatchLimits
from relay.core.webhook import Incoming
from relay.engine.ports import Acknowledged, Step
from shared.wire import Rejection
from tests.support.fakes import incoming, payloads
from tests.support.outbox_stores import Store, memory_store, redis_store, sent, taken_by

RECEIPT = b'{"read":{}}'
ROOMY = Limits(max_events=1000, max_bytes=100_000, max_age_ms=DAY_MS)

New = Callable[..., Store]


@pytest.fixture(params=["memory", "redis"])
async def new(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[New]:
    """Return a maker of stores with limits of the test's choice."""
    client = redis_clients.open_async(redis_url)

    def make(*, events: int = 1000, size: int = 100_000, dead: Limits = ROOMY) -> Store:
        limits = Limits(events, size, DAY_MS)
        return memory_store(limits, dead) if request.param == "memory" else redis_store(client, limits, dead)

    yield make
    await client.aclose()


async def offer_receipts(store: Store, count: int, *, token: str = "", outbox: str = "acme") -> None:
    """Append receipts."""
    events = [Incoming("1", "messaging", RECEIPT)] * count
    await store.appender.append({outbox: events}, token=token)


class TestFull:
    async def test_what_comes_pushes_the_oldest_out_and_that_is_counted_and_told(self, new: New) -> None:
        store = new(events=4)
        await store.add("acme", "a", "b", "c")
        assert await store.losses() == {}
        await store.add("acme", "d", "e", "f")

        assert await store.waiting() == payloads("c", "d", "e", "f")
        assert await store.losses() == {LossReason.OVERFLOW_EVENTS: 2}
        assert store.alarms == [("acme", {LossReason.OVERFLOW_EVENTS: 2})]

    async def test_bytes_are_a_limit_of_their_own(self, new: New) -> None:
        store = new(size=20)
        await store.add("acme", "aaaa", "bbbb", "c")  # 6 + 6 + 3 bytes, with their quotes
        await store.add("acme", "dddd")

        assert await store.waiting() == payloads("bbbb", "c", "dddd")
        assert await store.losses() == {LossReason.OVERFLOW_BYTES: 1}
        assert await store.bytes_kept() == (15, 0)

    @pytest.mark.parametrize(("size", "kept"), [(12, 2), (11, 1)])
    async def test_an_outbox_may_be_exactly_as_full_as_its_limit(self, new: New, size: int, kept: int) -> None:
        store = new(size=size)
        await store.add("acme", "aaaa", "bbbb")

        assert len(await store.waiting()) == kept

    async def test_an_outbox_of_an_unclaimed_page_has_the_same_limits(self, new: New) -> None:
        store = new(events=2)
        await store.add("~9", "a", "b", "c", page="9")

        assert await store.waiting("~9") == payloads("b", "c")
        assert await store.losses("~9") == {LossReason.OVERFLOW_EVENTS: 1}

    async def test_an_outbox_costs_no_other(self, new: New) -> None:
        store = new(events=2)
        await store.add("beta", "x", "y")
        await store.add("acme", "a", "b", "c")

        assert await store.waiting("beta") == payloads("x", "y")
        assert await store.losses("beta") == {}

    async def test_more_at_once_than_fits_leaves_the_newest(self, new: New) -> None:
        store = new(events=3)
        await store.add("acme", *"abcdefgh")

        assert await store.waiting() == payloads("f", "g", "h")
        assert await store.losses() == {LossReason.OVERFLOW_EVENTS: 5}

    async def test_losses_add_up_for_good(self, new: New) -> None:
        store = new(events=1)
        for text in "abcd":
            await store.add("acme", text)

        assert await store.losses() == {LossReason.OVERFLOW_EVENTS: 3}


class TestInFlight:
    async def test_a_batch_on_its_way_is_neither_trimmed_nor_counted_but_what_stands_behind_it(self, new: New) -> None:
        store = new(events=4)
        await store.add("acme", "a", "b", "c", "d", holder="t1")
        batch = await store.take("t1", limits=BatchLimits(2, 1000))
        await store.add("acme", "e", "f")
        done = Acknowledged(batch.entries)

        assert await store.losses() == {LossReason.OVERFLOW_EVENTS: 2}
        assert sent(await store.take("t1", done)) == payloads("e", "f")
        assert await store.bytes_kept() == (6, 0)

    async def test_an_outbox_that_is_all_on_its_way_keeps_that_and_loses_what_comes(self, new: New) -> None:
        store = new(events=2)
        await store.add("acme", "a", "b", holder="t1")
        await store.take("t1")
        await store.add("acme", "c")

        assert await store.waiting() == payloads("a", "b")
        assert await store.losses() == {LossReason.OVERFLOW_EVENTS: 1}

    @pytest.mark.parametrize("end", ["lost", "parked", "released"])
    async def test_once_the_lease_is_gone_anything_may_go(self, new: New, end: str) -> None:
        store = new(events=2)
        await store.add("acme", "a", "b", holder="t1")
        await store.take("t1")
        if end == "lost":
            await store.lose_lease()
        elif end == "parked":
            await store.drain.park("acme", token="t1", wait_s=1.0, reason="away")
        else:
            await store.drain.release("acme", token="t1", done=None)
        await store.add("acme", "c")

        assert await store.waiting() == payloads("b", "c")

    async def test_a_drain_that_comes_back_too_late_finds_nothing_to_settle(self, new: New) -> None:
        store = new(events=2)
        await store.add("acme", "a", "b", holder="t1")
        batch = await store.take("t1")
        await store.lose_lease()
        await store.add("acme", "c", "d", holder="t2")
        done = Acknowledged(batch.entries)

        assert await store.drain.next_batch("acme", token="t1", done=done, limits=DEFAULT_LIMITS) is Step.STALE
        assert sent(await store.take("t2")) == payloads("c", "d")


class TestReceipts:
    async def test_of_an_outbox_that_is_nearly_full_new_receipts_are_not_kept_and_counted(self, new: New) -> None:
        store = new(events=10)
        await store.add("acme", *"abcdefgh")
        await offer_receipts(store, 2)
        await store.add("acme", "i", "j")

        assert await store.waiting() == payloads(*"abcdefghij")
        assert await store.losses() == {LossReason.RECEIPTS: 2}
        assert store.alarms == [("acme", {LossReason.RECEIPTS: 2})]

    async def test_below_that_they_are_kept(self, new: New) -> None:
        store = new(events=10)
        await store.add("acme", *"abcdef")
        await offer_receipts(store, 1)

        assert await store.waiting() == [*payloads(*"abcdef"), RECEIPT]
        assert await store.losses() == {}

    async def test_the_exact_level_decides_within_one_append(self, new: New) -> None:
        store = new(events=10)
        await store.add("acme", *"abcdefghi")  # so that the store looks for receipts
        await store.drain.claim("acme", token="t1")
        batch = await store.take("t1", limits=BatchLimits(3, 1000))
        await store.drain.release("acme", token="t1", done=Acknowledged(batch.entries))
        await offer_receipts(store, 4)

        assert await store.waiting() == [*payloads(*"defghi"), RECEIPT, RECEIPT]
        assert await store.losses() == {LossReason.RECEIPTS: 2}

    async def test_bytes_count_as_well(self, new: New) -> None:
        store = new(size=100)
        await store.add("acme", "x" * 78)
        await offer_receipts(store, 1)

        assert await store.losses() == {LossReason.RECEIPTS: 1}

    async def test_as_soon_as_there_is_room_they_are_kept_again(self, new: New) -> None:
        store = new(events=10)
        await store.add("acme", *"abcdefgh", holder="t1")
        batch = await store.take("t1")
        await store.drain.release("acme", token="t1", done=Acknowledged(batch.entries))
        await offer_receipts(store, 1)

        assert await store.waiting() == [RECEIPT]

    async def test_where_nothing_is_kept_no_lease_is_taken(self, new: New) -> None:
        store = new(events=1)
        await store.add("acme", "a")
        events = [Incoming("1", "messaging", RECEIPT)]

        assert not taken_by("acme", await store.appender.append({"acme": events}, token="t1")).leased

    async def test_refusals_are_named_by_their_index_beside_receipts_that_are_not_kept(self, new: New) -> None:
        store = new(events=1)
        await store.add("acme", "a")
        await store.bindings.fence(Mandate("2", 1), "acme")
        mixed = [Incoming("1", "messaging", RECEIPT), *incoming("2", "b"), *incoming("1", "c"), *incoming("2", "d")]
        answer = taken_by("acme", await store.appender.append({"acme": mixed}, token="t1"))

        assert (answer.leased, list(answer.refused)) == (True, [1, 3])
        assert await store.waiting() == payloads("c")
        assert await store.losses() == {LossReason.RECEIPTS: 1, LossReason.OVERFLOW_EVENTS: 1}

    async def test_a_call_that_is_repeated_for_its_lost_answer_counts_no_receipt_twice(self, new: New) -> None:
        store = new(events=1)
        await store.add("acme", "a")
        await offer_receipts(store, 2, token="t1")
        await offer_receipts(store, 2, token="t1")
        await offer_receipts(store, 1, token="t2")

        assert await store.losses() == {LossReason.RECEIPTS: 3}


class TestBytes:
    async def test_what_is_acknowledged_is_counted_off(self, new: New) -> None:
        store = new()
        await store.add("acme", "a", "bb", "ccc", holder="t1")
        batch = await store.take("t1", limits=BatchLimits(2, 1000))
        assert await store.bytes_kept() == (12, 0)
        await store.drain.release("acme", token="t1", done=Acknowledged(batch.entries))

        assert await store.bytes_kept() == (5, 0)

    async def test_handing_in_twice_counts_once(self, new: New) -> None:
        store = new()
        await store.add("acme", *"abcdef", holder="t1")
        batch = await store.take("t1", limits=BatchLimits(2, 1000))
        done = Acknowledged(batch.entries)
        await store.take("t1", done, BatchLimits(2, 1000))
        await store.take("t1", done, BatchLimits(2, 1000))

        assert await store.bytes_kept() == (12, 0)

    async def test_what_is_moved_counts_where_it_is(self, new: New) -> None:
        store = new()
        await store.add("~1", "a", "bb", "ccc")
        await store.bindings.move(Mandate("1", 1), "acme", limit=2)

        assert (await store.bytes_kept("~1"), await store.bytes_kept()) == ((5, 0), (7, 0))


class TestDeadLetters:
    async def refuse(self, store: Store, holder: str, *texts: str) -> None:
        """Have a site refuse events for good."""
        await store.add("acme", *texts, holder=holder)
        batch = await store.take(holder)
        done = Acknowledged(batch.entries, [Rejection(entry.id, "odd") for entry in batch.entries])
        await store.drain.release("acme", token=holder, done=done)

    async def test_the_oldest_go_and_are_counted_and_told(self, new: New) -> None:
        store = new(dead=Limits(2, 1000, DAY_MS))
        await self.refuse(store, "t1", "a", "b")
        assert store.alarms == []
        await self.refuse(store, "t2", "c")

        assert await store.dead() == [(b'"b"', "odd"), (b'"c"', "odd")]
        assert await store.losses() == {LossReason.DEAD_OVERFLOW_EVENTS: 1}
        assert store.alarms == [("acme", {LossReason.DEAD_OVERFLOW_EVENTS: 1})]

    async def test_bytes_are_a_limit_of_their_own(self, new: New) -> None:
        store = new(dead=Limits(10, 10, DAY_MS))
        await self.refuse(store, "t1", "aaaa", "b", "c")

        assert await store.dead() == [(b'"b"', "odd"), (b'"c"', "odd")]
        assert await store.losses() == {LossReason.DEAD_OVERFLOW_BYTES: 1}
        assert await store.bytes_kept() == (0, 6)
