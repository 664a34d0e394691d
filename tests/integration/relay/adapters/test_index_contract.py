"""One suite for every store of outboxes, Redis, a cluster of it and the fake in memory: the index of the sweep.

What is promised here is the contract of `engine.ports` and `engine.sweep`; what only Redis can do wrong is tested in
each adapter's own file.
"""

import pytest

from relay.core.delivery import DeliveryState
from relay.core.lease import LEASE_TTL_MS
from relay.engine.ports import Parked
from relay.engine.sweep import Rank
from tests.support.outbox_stores import WAIT_S, Store

pytestmark = pytest.mark.xdist_group("one cluster for the contract")


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
