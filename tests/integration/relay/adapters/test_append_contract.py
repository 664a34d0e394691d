"""One suite for every store of outboxes, Redis, a cluster of it and the fake in memory: appending.

What is promised here is the contract of `engine.ports` and `engine.sweep`; what only Redis can do wrong is tested in
each adapter's own file.
"""

import pytest

from relay.core.change import Mandate
from relay.core.webhook import Incoming
from relay.engine.ports import Appended
from tests.support.fakes import incoming, payloads
from tests.support.outbox_stores import WAIT_S, Store, sent

FIRST = Mandate("1", 1)

pytestmark = pytest.mark.xdist_group("one cluster for the contract")


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
