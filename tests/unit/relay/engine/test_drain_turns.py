"""How long one drain may last, and how much all drains of a process may have in flight."""

import asyncio
from collections.abc import Sequence

from relay.core.delivery import Delivered, Verdict
from relay.core.outbox import BatchLimits, Entry
from relay.core.pace import PROBE_EVENTS
from relay.engine.drain import MOST_LARGE_BATCHES, DrainEnd
from tests.support.drain_bench import DrainBench, new_bench
from tests.support.fakes import incoming, payloads
from tests.support.waiting import soon, turn_over


def slow(bench: DrainBench, seconds: float) -> None:
    """Have each batch take so long."""

    def answer(_entries: Sequence[Entry]) -> Verdict:
        bench.monotonic.advance(seconds)
        return Delivered()

    bench.delivery._verdicts = [answer] * 1000


class TestATurn:
    async def test_it_ends_after_its_time_with_the_batch_in_flight_and_hands_in_what_was_taken(self) -> None:
        bench = new_bench(limits=BatchLimits(1, 10**6), turn_s=10.0)
        slow(bench, 4.0)
        await bench.add(*"abcdef")

        assert await bench.run() is DrainEnd.TURN_OVER
        assert bench.delivery.payloads == payloads(*"abc")
        assert bench.store.payloads("acme") == payloads(*"def")
        assert bench.store.holder("acme") == ""
        assert bench.store.looks["acme"] == 0

    async def test_the_next_turn_goes_on_where_it_ended(self) -> None:
        bench = new_bench(limits=BatchLimits(1, 10**6), turn_s=10.0)
        slow(bench, 4.0)
        await bench.add(*"abcdef")

        assert [await bench.run(f"t{number}") for number in range(2)] == [DrainEnd.TURN_OVER] * 2
        assert await bench.run("t2") is DrainEnd.EMPTY
        assert bench.delivery.payloads == payloads(*"abcdef")

    async def test_what_is_done_in_time_ends_as_ever(self) -> None:
        bench = new_bench(turn_s=10.0)
        await bench.add("a")

        assert await bench.run() is DrainEnd.EMPTY

    async def test_a_clock_that_is_put_forward_or_back_makes_it_no_shorter_and_no_longer(self) -> None:
        bench = new_bench(limits=BatchLimits(1, 10**6), turn_s=10.0)
        put_by_s = iter([86_400.0, -2 * 86_400.0, 0.0])

        def answer(_entries: Sequence[Entry]) -> Verdict:
            bench.clock.advance(next(put_by_s))
            bench.store.box("acme").leased_until = bench.clock() + 60  # leases run by the store's own clock
            bench.monotonic.advance(4.0)
            return Delivered()

        bench.delivery._verdicts = [answer] * 3
        await bench.add(*"abcdef")

        assert await bench.run() is DrainEnd.TURN_OVER
        assert bench.delivery.payloads == payloads(*"abc")

    async def test_a_lease_that_was_lost_at_its_end_is_somebody_elses(self) -> None:
        bench = new_bench(turn_s=10.0)

        def lose(_entries: Sequence[Entry]) -> Verdict:
            bench.monotonic.advance(10.0)
            bench.store.box("acme").token = "t2"
            return Delivered()

        bench.delivery._verdicts = [lose]
        await bench.add("a")

        assert await bench.run() is DrainEnd.STALE
        assert bench.store.payloads("acme") == payloads("a")


class TestManyAtOnce:
    async def test_beyond_some_large_batches_in_flight_the_others_are_small_and_wait_for_nobody(self) -> None:
        bench = new_bench()
        bench.delivery.gate = asyncio.Event()
        names = [f"site-{number}" for number in range(MOST_LARGE_BATCHES + 3)]
        texts = [f"e{number}" for number in range(PROBE_EVENTS + 5)]
        running = []
        for name in names:
            await bench.store.append({name: incoming("1", *texts)}, token="t1")
            running.append(asyncio.ensure_future(bench.drain.run(name, token="t1", stop=bench.stop)))
            await turn_over(5)
        in_flight = list(bench.sizes)
        bench.delivery.gate.set()
        await soon(asyncio.gather(*running))

        assert in_flight == [len(texts)] * MOST_LARGE_BATCHES + [PROBE_EVENTS] * 3
        assert all(bench.store.payloads(name) == [] for name in names)
        assert bench.drain.large == 0

    async def test_a_large_batch_that_fails_counts_no_longer(self) -> None:
        def fail(_entries: Sequence[Entry]) -> Verdict:
            raise ZeroDivisionError

        bench = new_bench([fail])
        await bench.add(*(f"e{number}" for number in range(PROBE_EVENTS + 1)))
        (ended,) = await asyncio.gather(bench.run(), return_exceptions=True)

        assert isinstance(ended, ZeroDivisionError)
        assert bench.drain.large == 0
