"""The drains of one process: at most one for each outbox, none in another's way."""

import asyncio
import math
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from relay.adapters.push_sessions import ANSWER_TIMEOUT_S
from relay.core.delivery import Delivered, Failed, Verdict
from relay.core.errors import StoreUnavailable
from relay.core.outbox import DEFAULT_LIMITS, BatchLimits, Entry
from relay.engine import lane as lane_module
from relay.engine import metrics
from relay.engine.drain import Drain
from relay.engine.lane import Lane
from relay.engine.ports import Acknowledged, Batch, Step
from tests.support.clock import ManualClock
from tests.support.fakes import FakeDelivery, FakeSchedule, incoming, payloads, tokens
from tests.support.memory_outboxes import MemoryOutboxes
from tests.support.waiting import soon, turn_over


class Bench:
    """A lane on outboxes in memory."""

    def __init__(
        self,
        delivery: FakeDelivery | None = None,
        store: MemoryOutboxes | None = None,
        *,
        turn_s: float = math.inf,
        limits: BatchLimits = DEFAULT_LIMITS,
    ) -> None:
        self.clock = ManualClock()
        self.store = store or MemoryOutboxes(self.clock)
        self.delivery = delivery or FakeDelivery()
        schedule = FakeSchedule()
        self.handed_on = schedule.handed_on
        drain = Drain(
            self.store,
            self.delivery,
            schedule,
            clock=self.clock,
            monotonic=self.clock,
            random=lambda: 0.5,
            limits=limits,
            turn_s=turn_s,
        )
        self.lane = Lane(drain, self.store, new_token=tokens(), hand_on=schedule.go_on)

    async def add(self, site: str, *texts: str) -> None:
        """Put events into an outbox."""
        await self.store.append({site: incoming("1", *texts)}, token="")

    async def live(self, site: str, *texts: str) -> None:
        """Append as the live lane's process does: whoever gets the lease drains."""
        token = f"live-{texts[0]}"
        appended = await self.store.append({site: incoming("1", *texts)}, token=token)
        if appended[site].leased:
            self.lane.start(site, token)

    async def idle(self) -> None:
        """Wait until no drain runs."""
        while self.lane._running:
            await soon(asyncio.gather(*self.lane._running.values()))
            await turn_over(1)


@pytest.fixture
async def bench() -> Bench:
    return Bench()


def running() -> float:
    return float(metrics.DRAINS._value.get())


async def test_a_lease_that_came_with_an_append_is_drained(bench: Bench) -> None:
    await bench.live("acme", "a", "b")
    await bench.idle()

    assert bench.delivery.payloads == payloads("a", "b")
    assert bench.store.holder("acme") == ""
    assert running() == 0


async def test_a_claim_drains_an_outbox_that_nobody_drains(bench: Bench) -> None:
    await bench.add("acme", "a")

    assert await bench.lane.claim("acme") is True
    assert running() == 1
    await bench.idle()
    assert bench.delivery.payloads == payloads("a")


async def test_a_claim_leaves_an_outbox_that_somebody_drains_alone(bench: Bench) -> None:
    await bench.add("acme", "a")
    await bench.store.claim("acme", token="another process")

    assert await bench.lane.claim("acme") is False
    assert bench.delivery.batches == []


async def test_a_site_that_hangs_holds_up_nobody_else() -> None:
    class OneHangs(FakeDelivery):
        async def deliver(self, site: str, entries: Sequence[Entry]) -> Verdict:
            self.gate = asyncio.Event() if site == "hangs" else None
            return await super().deliver(site, entries)

    bench = Bench(OneHangs())
    for site in ("hangs", *(f"site-{number}" for number in range(50))):
        await bench.live(site, site)
    while len(bench.lane._running) > 1:
        await turn_over(1)

    assert set(bench.lane._running) == {"hangs"}
    assert len(bench.delivery.batches) == 51
    bench.lane._running["hangs"].cancel()
    await turn_over()


class SlowToTell(MemoryOutboxes):
    """Gives a lease back, but takes its time to say so: as when Redis' answer is still on its way."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.given_back, self.told = asyncio.Event(), asyncio.Event()

    async def next_batch(
        self, outbox: str, *, token: str, done: Acknowledged | None, limits: BatchLimits
    ) -> Batch | Step:
        step = await super().next_batch(outbox, token=token, done=done, limits=limits)
        if step is Step.IDLE:
            self.given_back.set()
            await self.told.wait()
        return step


class SlowToClaim(MemoryOutboxes):
    """Hands a lease out, but takes its time to say so."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.claimed, self.told = asyncio.Event(), asyncio.Event()

    async def claim(self, outbox: str, *, token: str, if_due: bool = False) -> bool:
        claimed = await super().claim(outbox, token=token, if_due=if_due)
        self.claimed.set()
        await self.told.wait()
        return claimed


async def test_a_new_lease_waits_for_the_drain_that_is_only_finishing() -> None:
    store = SlowToTell(ManualClock())
    bench = Bench(store=store)
    await bench.live("acme", "a")
    first = bench.lane._running["acme"]
    await soon(store.given_back.wait())
    await bench.live("acme", "b")
    await turn_over()
    assert bench.lane._running["acme"] is not first
    assert bench.delivery.payloads == payloads("a")
    store.told.set()
    await bench.idle()

    assert bench.delivery.payloads == payloads("a", "b")
    assert bench.delivery.most_in_flight == 1
    assert running() == 0


class TestClosing:
    async def test_batches_in_flight_are_finished_and_leases_given_back(self, bench: Bench) -> None:
        bench.delivery.gate = asyncio.Event()
        await bench.live("acme", "a")
        await bench.live("beta", "b")
        await turn_over()
        await bench.add("acme", "c")
        closing = asyncio.ensure_future(bench.lane.close())
        await turn_over()
        assert not closing.done()
        bench.delivery.gate.set()
        await soon(closing)

        assert bench.store.payloads("acme") == payloads("c")
        assert (bench.store.holder("acme"), bench.store.holder("beta")) == ("", "")

    async def test_afterwards_nothing_is_claimed(self, bench: Bench) -> None:
        await bench.add("acme", "a")
        await bench.lane.close()

        assert await bench.lane.claim("acme") is False
        assert bench.store.holder("acme") == ""

    async def test_a_lease_that_is_just_being_claimed_is_given_back(self) -> None:
        """Or nobody could drain the outbox until the lease runs out."""
        store = SlowToClaim(ManualClock())
        bench = Bench(store=store)
        await bench.add("acme", "a")
        claiming = asyncio.ensure_future(bench.lane.claim("acme"))
        await soon(store.claimed.wait())
        closing = asyncio.ensure_future(bench.lane.close())
        await turn_over()
        assert not closing.done()
        store.told.set()
        await soon(closing)

        assert await claiming is True
        assert bench.delivery.batches == []
        assert store.holder("acme") == ""
        assert bench.lane._running == {}

    async def test_a_lease_whose_claimer_is_gone_is_drained_all_the_same(self) -> None:
        store = SlowToClaim(ManualClock())
        bench = Bench(store=store)
        await bench.add("acme", "a")
        claiming = asyncio.ensure_future(bench.lane.claim("acme"))
        await soon(store.claimed.wait())
        claiming.cancel()
        await turn_over()
        store.told.set()
        await turn_over()
        await bench.idle()

        assert claiming.cancelled()
        assert bench.delivery.payloads == payloads("a")

    async def test_a_lease_that_still_comes_in_is_given_back_unused(self, bench: Bench) -> None:
        await bench.lane.close()
        await bench.live("acme", "a")
        await bench.idle()

        assert bench.delivery.batches == []
        assert bench.store.holder("acme") == ""
        assert bench.store.payloads("acme") == payloads("a")

    async def test_a_site_that_hangs_is_waited_for_a_while_and_no_longer(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lane_module, "FINISH_BATCHES_S", 0.01)
        bench.delivery.gate = asyncio.Event()
        await bench.live("acme", "a")
        await soon(bench.delivery.begun.wait())
        await soon(bench.lane.close())

        assert bench.delivery.cancelled == 1
        assert bench.store.holder("acme") == ""
        assert bench.store.payloads("acme") == payloads("a")
        assert bench.store.looks["acme"] == 0  # for the sweep of another process, at once

    def test_that_while_is_far_below_a_pushs_own_time(self) -> None:
        assert lane_module.FINISH_BATCHES_S <= ANSWER_TIMEOUT_S / 4


class TestTurns:
    async def test_a_site_whose_drain_takes_long_is_handed_on(self) -> None:
        slow = Bench(turn_s=1.0, limits=BatchLimits(1, 1000))

        def answer(_entries: Sequence[Entry]) -> Verdict:
            slow.clock.advance(2.0)
            return Delivered()

        slow.delivery._verdicts = [answer] * 3
        await slow.add("acme", "a", "b", "c")
        for number in range(3):
            assert await slow.lane.claim("acme")
            await slow.idle()
            assert slow.handed_on == ["acme"] * (number + 1)

        assert slow.delivery.payloads == payloads("a", "b", "c")

    async def test_redis_away_meanwhile_is_left_to_the_sweep(self) -> None:
        bench = Bench(turn_s=0.0)
        await bench.live("acme", "a")
        bench.store.broken = True
        with capture_logs() as logs:
            await bench.idle()

        assert [line["event"] for line in logs] == ["drain_interrupted"]
        assert bench.handed_on == []


class TestTrouble:
    async def test_redis_away_ends_a_drain_with_a_line_in_the_log(self, bench: Bench) -> None:
        await bench.live("acme", "a")
        bench.store.broken = True
        with capture_logs() as logs:
            await bench.idle()

        assert [(line["event"], line["outbox"]) for line in logs] == [("drain_interrupted", "acme")]
        assert bench.store.payloads("acme") == payloads("a")
        await bench.lane.close()

    async def test_a_fault_in_one_drain_is_logged_and_the_others_go_on(self) -> None:
        def fail(_entries: Sequence[Entry]) -> Verdict:
            raise ZeroDivisionError

        bench = Bench(FakeDelivery([fail, Delivered()]))
        await bench.live("acme", "a")
        await bench.live("beta", "b")
        with capture_logs() as logs:
            await bench.idle()

        assert [(line["event"], line["outbox"]) for line in logs if line["log_level"] == "error"] == [
            ("drain_failed", "acme")
        ]
        assert bench.store.payloads("acme") == payloads("a")
        assert bench.store.payloads("beta") == []

    async def test_a_claim_with_redis_away_is_the_callers_to_know(self, bench: Bench) -> None:
        bench.store.broken = True
        with pytest.raises(StoreUnavailable):
            await bench.lane.claim("acme")

    async def test_a_parked_site_leaves_no_drain_behind(self) -> None:
        bench = Bench(FakeDelivery([Failed("away")]))
        await bench.live("acme", "a")
        await bench.idle()
        await bench.live("acme", "b")

        assert bench.lane._running == {}
        assert bench.store.payloads("acme") == payloads("a", "b")
