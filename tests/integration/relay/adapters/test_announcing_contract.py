"""One suite for every store of outboxes, Redis, a cluster of it and the fake in memory: a site announces itself.

What is promised here is the contract of `engine.ports` and `engine.sweep`; what only Redis can do wrong is tested in
each adapter's own file.
"""

import pytest

from relay.core.delivery import DeliveryState
from relay.core.outbox import DEFAULT_LIMITS
from relay.engine.announcing import Announced
from relay.engine.ports import Acknowledged, Step
from tests.support.outbox_stores import WAIT_S, Store, failures_of

pytestmark = pytest.mark.xdist_group("one cluster for the contract")


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
