"""The drain loop: batch after batch, in order, one in flight, for as long as the lease is ours."""

import asyncio
from collections.abc import Sequence

import pytest
from prometheus_client import Counter
from structlog.testing import capture_logs

from relay.core.backoff import LADDER_S
from relay.core.delivery import Delivered, DeliveryState, Failed, Gone, TooLarge, Verdict
from relay.core.errors import StoreUnavailable
from relay.core.outbox import BatchLimits, Entry
from relay.core.pace import PROBE_EVENTS
from relay.engine import metrics
from relay.engine import sending as sending_module
from relay.engine.drain import DrainEnd
from relay.engine.sweep import Action, Rank, judge
from shared.wire import Rejection
from tests.support.clock import NOON
from tests.support.drain_bench import new_bench, refuse
from tests.support.fakes import payloads
from tests.support.waiting import soon, turn_over

LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]


def count(counter: Counter, **labels: str) -> float:
    (family,) = counter.collect()
    return sum(s.value for s in family.samples if s.name.endswith("_total") and s.labels.items() >= labels.items())


async def test_everything_leaves_in_order_one_batch_at_a_time() -> None:
    bench = new_bench(limits=BatchLimits(4, 10**6))
    await bench.add(*LETTERS[:10])

    assert await bench.run() is DrainEnd.EMPTY
    assert bench.delivery.payloads == payloads(*LETTERS[:10])
    assert bench.sizes == [4, 4, 2]
    assert bench.delivery.most_in_flight == 1
    assert set(bench.delivery.sites) == {"acme"}
    assert bench.store.payloads("acme") == []
    assert bench.store.holder("acme") == ""


async def test_what_comes_while_a_batch_is_in_flight_leaves_with_the_next() -> None:
    bench = new_bench()
    bench.delivery.gate = asyncio.Event()
    await bench.add("a")
    running = asyncio.ensure_future(bench.run())
    await soon(bench.delivery.begun.wait())
    await bench.add("b", "c")
    await turn_over()
    assert bench.sizes == [1]
    bench.delivery.gate.set()

    assert await soon(running) is DrainEnd.EMPTY
    assert [[entry.payload for entry in batch] for batch in bench.delivery.batches] == [
        payloads("a"),
        payloads("b", "c"),
    ]


async def test_a_batch_ends_before_it_is_too_large_in_bytes_but_carries_at_least_one() -> None:
    bench = new_bench(limits=BatchLimits(100, 12))
    await bench.add("aaaa", "bbbb", "c" * 50, "d")
    await bench.run()

    assert bench.sizes == [2, 1, 1]


class TestRefusals:
    async def test_what_the_site_refuses_for_good_becomes_a_dead_letter(self) -> None:
        bench = new_bench([refuse(1)])
        await bench.add("a", "b", "c")
        delivered, rejected = count(metrics.EVENTS_DELIVERED), count(metrics.EVENTS_REJECTED)

        assert await bench.run() is DrainEnd.EMPTY
        assert [(letter.entry.payload, letter.reason) for letter in bench.store.box("acme").dead] == [(b'"b"', "odd")]
        assert count(metrics.EVENTS_DELIVERED) - delivered == 2
        assert count(metrics.EVENTS_REJECTED) - rejected == 1

    async def test_a_batch_that_is_too_large_is_halved_down_to_one_which_then_is_waited_for(self) -> None:
        def large_b(entries: Sequence[Entry]) -> Verdict:
            return TooLarge() if b'"b"' in [entry.payload for entry in entries] else Delivered()

        bench = new_bench([large_b] * 20)
        await bench.add(*LETTERS[:8])

        assert await bench.run() is DrainEnd.PARKED
        assert bench.sizes == [8, 4, 2, 1, 2, 1]
        assert bench.store.box("acme").dead == []
        assert bench.store.payloads("acme") == payloads(*LETTERS[1:8])

    async def test_a_site_that_finds_everything_too_large_loses_nothing(self) -> None:
        bench = new_bench([TooLarge()] * 1000)
        await bench.add(*LETTERS)
        for attempt in range(10):
            bench.clock.advance(3600)
            assert await bench.run(f"t{attempt}") is DrainEnd.PARKED

        assert bench.store.payloads("acme") == payloads(*LETTERS)
        assert bench.store.box("acme").dead == []

    async def test_batches_grow_back_to_their_full_size_and_not_beyond(self) -> None:
        bench = new_bench([TooLarge(), TooLarge()], limits=BatchLimits(8, 10**6))
        await bench.add(*LETTERS)
        await bench.run()

        assert bench.sizes == [8, 4, 2, 4, 8, 8, 4]
        assert bench.store.payloads("acme") == []


class TestParking:
    @pytest.mark.parametrize("failures", range(7))
    async def test_a_failing_site_is_parked_on_the_ladder_and_probed_once(self, failures: int) -> None:
        bench = new_bench([Failed("the site answered 500")])
        await bench.add("a", "b")
        bench.store.box("acme").failures = failures
        bench.store.box("acme").state = DeliveryState.PARKED if failures else DeliveryState.UP
        wait_s = LADDER_S[min(failures, 5)]

        assert await bench.run() is DrainEnd.PARKED
        box = bench.store.box("acme")
        assert (box.state, box.failures, box.last_error) == (
            DeliveryState.PARKED,
            failures + 1,
            "the site answered 500",
        )
        assert box.next_attempt_ms == round((NOON + wait_s) * 1000)
        assert bench.schedule.probes == [("acme", box.next_attempt_ms, failures + 1)]
        assert bench.store.payloads("acme") == payloads("a", "b")
        assert bench.store.holder("acme") == ""

    async def test_the_site_may_say_how_long(self) -> None:
        bench = new_bench([Failed("busy", retry_after_s=77.0)])
        await bench.add("a")
        await bench.run()

        assert bench.store.box("acme").next_attempt_ms == round((NOON + 77.0) * 1000)

    async def test_a_probe_is_small_and_the_rest_follows_at_full_size_once_it_got_through(self) -> None:
        bench = new_bench()
        await bench.add(*LETTERS)
        bench.store.box("acme").state, bench.store.box("acme").failures = DeliveryState.PARKED, 3

        assert await bench.run() is DrainEnd.EMPTY
        assert bench.sizes == [PROBE_EVENTS, len(LETTERS) - PROBE_EVENTS]
        assert bench.delivery.payloads == payloads(*LETTERS)
        assert (bench.store.box("acme").state, bench.store.box("acme").failures) == (DeliveryState.UP, 0)

    async def test_from_the_probe_on_batches_double_until_they_are_full(self) -> None:
        bench = new_bench(limits=BatchLimits(50, 10**6))
        await bench.add(*(f"e{number}" for number in range(200)))
        bench.store.box("acme").state, bench.store.box("acme").failures = DeliveryState.PARKED, 3

        assert await bench.run() is DrainEnd.EMPTY
        assert bench.sizes == [PROBE_EVENTS, 20, 40, 50, 50, 30]

    async def test_a_probe_that_is_too_large_stays_a_probe(self) -> None:
        bench = new_bench([TooLarge()])
        await bench.add(*LETTERS)
        bench.store.box("acme").state, bench.store.box("acme").failures = DeliveryState.PARKED, 1
        await bench.run()

        assert bench.sizes[:2] == [PROBE_EVENTS, PROBE_EVENTS // 2]
        assert [entry.payload for batch in bench.delivery.batches[1:] for entry in batch] == payloads(*LETTERS)

    async def test_what_was_taken_before_the_failure_is_not_sent_again(self) -> None:
        bench = new_bench([Delivered(), Failed("away")], limits=BatchLimits(2, 10**6))
        await bench.add("a", "b", "c", "d")

        assert await bench.run() is DrainEnd.PARKED
        assert bench.store.payloads("acme") == payloads("c", "d")

    async def test_a_site_that_is_gone_is_paused_and_keeps_everything(self) -> None:
        bench = new_bench([Gone()])
        await bench.add("a", "b")

        assert await bench.run() is DrainEnd.PAUSED
        assert bench.store.box("acme").state is DeliveryState.PAUSED
        assert bench.store.box("acme").next_attempt_ms is None
        assert bench.schedule.probes == []
        assert bench.store.payloads("acme") == payloads("a", "b")
        assert await bench.run("t2") is DrainEnd.PAUSED
        assert bench.sizes == [2]

    async def test_a_site_that_an_operator_paused_meanwhile_is_not_probed(self) -> None:
        def pause(_entries: Sequence[Entry]) -> Verdict:
            bench.store.box("acme").state = DeliveryState.PAUSED
            return Failed("away")

        bench = new_bench([pause])
        await bench.add("a")
        await bench.run()

        assert bench.store.box("acme").state is DeliveryState.PAUSED
        assert bench.schedule.probes == []

    async def test_a_site_that_announces_itself_during_an_attempt_that_fails_is_tried_again_at_once(self) -> None:
        def announce(_entries: Sequence[Entry]) -> Verdict:
            bench.store.box("acme").ready = bench.store.holder("acme")
            return Failed("does not take connections")

        bench = new_bench([Delivered(), announce], limits=BatchLimits(2, 10**6))
        await bench.add("a", "b", "c", "d")

        assert await bench.run() is DrainEnd.EMPTY
        assert bench.delivery.payloads == payloads("a", "b", "c", "d", "c", "d")
        assert bench.schedule.probes == []
        assert (bench.store.box("acme").state, bench.store.box("acme").delivered) == (DeliveryState.UP, 4)

    async def test_the_attempt_after_an_announcement_is_small_and_batches_grow_from_there(self) -> None:
        bench = new_bench([Failed("away")])
        await bench.add(*LETTERS, *LETTERS)
        bench.store.box("acme").ready = "t1"
        await bench.run()

        assert bench.sizes == [52, PROBE_EVENTS, 2 * PROBE_EVENTS, 52 - 3 * PROBE_EVENTS]

    async def test_who_announces_itself_and_fails_again_is_parked(self) -> None:
        bench = new_bench([Failed("away"), Failed("still away")])
        await bench.add("a")
        bench.store.box("acme").ready = "t1"

        assert await bench.run() is DrainEnd.PARKED
        assert bench.sizes == [1, 1]
        assert [attempt for _, _, attempt in bench.schedule.probes] == [1]

    async def test_who_is_asked_to_stop_does_not_try_again_and_leaves_the_site_due(self) -> None:
        def stop(_entries: Sequence[Entry]) -> Verdict:
            bench.stop.requested = True
            return Failed("away")

        bench = new_bench([stop])
        await bench.add("a")
        bench.store.box("acme").ready = "t1"

        assert await bench.run() is DrainEnd.RELEASED
        assert bench.sizes == [1]
        taken = await bench.store.take(Rank.WORKER, "1")
        assert taken is not None
        assert judge(taken.outboxes[0], now_ms=taken.now_ms, empty_since_ms=None).action is Action.DRAIN

    async def test_the_logs_name_site_and_reason_and_no_message(self) -> None:
        bench = new_bench([Failed("away")])
        await bench.add("what the customer wrote")
        with capture_logs() as logs:
            await bench.run()

        assert logs == [
            {
                "event": "site_parked",
                "log_level": "warning",
                "site": "acme",
                "failures": 1,
                "wait_s": 1.0,
                "reason": "away",
            }
        ]


class TestTheLease:
    async def test_without_it_nothing_is_sent(self) -> None:
        bench = new_bench()
        await bench.add("a")
        await bench.store.claim("acme", token="somebody-else")

        assert await soon(bench.drain.run("acme", token="t1", stop=bench.stop)) is DrainEnd.STALE
        assert bench.sizes == []

    async def test_a_drain_that_lost_it_changes_nothing(self) -> None:
        bench = new_bench()
        bench.delivery.gate = asyncio.Event()
        await bench.add("a")
        running = asyncio.ensure_future(bench.run())
        await soon(bench.delivery.begun.wait())
        bench.clock.advance(60)  # this process was asleep, another took over
        assert await bench.store.claim("acme", token="t2")
        bench.delivery.gate.set()

        assert await soon(running) is DrainEnd.STALE
        assert bench.store.payloads("acme") == payloads("a")
        assert bench.store.holder("acme") == "t2"

    async def test_a_failure_after_it_was_lost_parks_nobody(self) -> None:
        def lose(_entries: Sequence[Entry]) -> Verdict:
            bench.store.box("acme").token = "t2"
            return Failed("away")

        bench = new_bench([lose])
        await bench.add("a")
        await bench.run()

        assert bench.store.box("acme").state is DeliveryState.UP
        assert bench.schedule.probes == []

    async def test_it_is_renewed_while_a_slow_site_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sending_module, "RENEW_EVERY_S", 0.001)
        bench = new_bench()
        bench.delivery.gate = gate = asyncio.Event()
        await bench.add("a")

        def after_three(name: str) -> None:
            bench.clock.advance(2.0)
            if name == "extend" and bench.store.calls.count("extend") == 3:
                gate.set()

        running = asyncio.ensure_future(bench.run())
        await soon(bench.delivery.begun.wait())
        bench.store.before_call = after_three

        assert await soon(running) is DrainEnd.EMPTY
        assert bench.store.calls.count("extend") >= 4
        assert bench.delivery.cancelled == 0

    async def test_a_delivery_is_given_up_as_soon_as_it_is_seen_lost(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sending_module, "RENEW_EVERY_S", 0.001)
        bench = new_bench()
        bench.delivery.gate = asyncio.Event()
        await bench.add("a")
        running = asyncio.ensure_future(bench.run())
        await soon(bench.delivery.begun.wait())
        bench.store.box("acme").token = "t2"

        assert await soon(running) is DrainEnd.STALE
        assert bench.delivery.cancelled == 1
        assert bench.delivery.in_flight == 0

    async def test_redis_away_for_a_moment_while_a_site_answers_costs_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sending_module, "RENEW_EVERY_S", 0.001)
        bench = new_bench()
        bench.delivery.gate = gate = asyncio.Event()
        tried = []

        def away_twice(name: str) -> None:
            if name == "extend":
                tried.append(name)
                if len(tried) <= 2:
                    raise StoreUnavailable("away")
                gate.set()

        bench.store.before_call = away_twice
        await bench.add("a")

        assert await bench.run() is DrainEnd.EMPTY
        assert bench.store.payloads("acme") == []

    @pytest.mark.parametrize("call", ["next_batch", "park"])
    async def test_redis_away_ends_the_drain_and_loses_nothing(self, call: str) -> None:
        bench = new_bench([Failed("away")])
        await bench.add("a")

        def away(name: str) -> None:
            if name == call:
                raise StoreUnavailable("away")

        bench.store.before_call = away
        with pytest.raises(StoreUnavailable):
            await bench.run()
        assert bench.store.payloads("acme") == payloads("a")

    async def test_a_batch_whose_acknowledgement_was_lost_is_sent_again_first(self) -> None:
        bench = new_bench(limits=BatchLimits(2, 10**6))
        await bench.add("a", "b", "c")

        def away_after_the_first(name: str) -> None:
            if name == "next_batch" and bench.delivery.batches:
                raise StoreUnavailable("away")

        bench.store.before_call = away_after_the_first
        with pytest.raises(StoreUnavailable):
            await bench.run()
        bench.store.before_call = lambda _name: None
        bench.clock.advance(60)

        assert await bench.run("t2") is DrainEnd.EMPTY
        assert bench.delivery.payloads == payloads("a", "b", "a", "b", "c")

    async def test_a_cancelled_drain_leaves_no_delivery_behind(self) -> None:
        bench = new_bench()
        bench.delivery.gate = asyncio.Event()
        await bench.add("a")
        running = asyncio.ensure_future(bench.run())
        await soon(bench.delivery.begun.wait())
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

        assert (bench.delivery.cancelled, bench.delivery.in_flight) == (1, 0)


class TestStopping:
    async def test_the_batch_in_flight_is_finished_and_the_lease_given_back(self) -> None:
        bench = new_bench(limits=BatchLimits(2, 10**6))
        bench.delivery.gate = asyncio.Event()
        await bench.add("a", "b", "c")
        running = asyncio.ensure_future(bench.run())
        await soon(bench.delivery.begun.wait())
        bench.stop.requested = True
        bench.delivery.gate.set()

        assert await soon(running) is DrainEnd.RELEASED
        assert bench.sizes == [2]
        assert bench.store.payloads("acme") == payloads("c")
        assert bench.store.holder("acme") == ""

    async def test_who_is_asked_to_stop_before_the_first_batch_sends_none(self) -> None:
        bench = new_bench()
        await bench.add("a")
        bench.stop.requested = True

        assert await bench.run() is DrainEnd.RELEASED
        assert bench.sizes == []
        assert bench.store.holder("acme") == ""

    async def test_refusals_of_the_last_batch_are_kept(self) -> None:
        def refuse_and_stop(entries: Sequence[Entry]) -> Verdict:
            bench.stop.requested = True
            return Delivered([Rejection(entries[0].id, "odd")])

        bench = new_bench([refuse_and_stop])
        await bench.add("a", "b")
        await bench.run()

        assert [letter.entry.payload for letter in bench.store.box("acme").dead] == payloads("a")
        assert bench.store.payloads("acme") == []
