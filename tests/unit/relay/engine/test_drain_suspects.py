"""One event that its site refuses for ever: narrowed down, proved by others, set aside; and never by mistake."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from relay.core.delivery import SUSPECT_AFTER, Delivered, DeliveryState, Failed, Refused, TooLarge, Verdict
from relay.core.outbox import BatchLimits, Entry
from relay.core.suspects import WITNESSES
from relay.engine.drain import DrainEnd
from tests.support.drain_bench import DrainBench, new_bench
from tests.support.fakes import payloads

Answer = Callable[[Sequence[Entry]], Verdict]


def refuses(*texts: str, verdict: Verdict | None = None) -> Answer:
    """Be a site, or a filter before it, that takes everything but batches with one of these."""
    poison = set(payloads(*texts))

    def answer(entries: Sequence[Entry]) -> Verdict:
        return (verdict or Refused("400")) if poison & {entry.payload for entry in entries} else Delivered()

    return answer


async def attempts(bench: DrainBench, answer: Answer, *, most: int = 60) -> int:
    """Drain again and again, as the retry lane does, until the outbox is empty; returns how often."""
    bench.delivery._verdicts = [answer] * 100_000
    for attempt in range(1, most + 1):
        if await bench.run(f"t{attempt}") is DrainEnd.EMPTY:
            return attempt
        bench.clock.advance(600)
    return most


def dead(bench: DrainBench) -> list[bytes]:
    return [letter.entry.payload for letter in bench.store.box("acme").dead]


def taken(bench: DrainBench, poison: Sequence[str] = ()) -> list[bytes]:
    """Return what the site took, in its order, each once."""
    batches = [batch for batch in bench.delivery.batches if not set(payloads(*poison)) & {e.payload for e in batch}]
    return list(dict.fromkeys(entry.payload for batch in batches for entry in batch))


async def test_an_event_that_alone_is_refused_is_set_aside_and_the_rest_arrives_in_order() -> None:
    bench = new_bench()
    await bench.add(*"abcdefgh")
    assert await attempts(bench, refuses("d")) == SUSPECT_AFTER

    assert taken(bench, "d") == payloads(*"abcefgh")
    assert dead(bench) == payloads("d")
    assert bench.store.box("acme").dead[0].reason == "refused again and again, while others were taken: 400"
    assert bench.store.box("acme").state is DeliveryState.UP


async def test_it_is_narrowed_down_by_halves_and_from_then_on_probed_alone() -> None:
    bench = new_bench()
    await bench.add(*"abcdefgh")
    await attempts(bench, refuses("a"), most=2)

    assert bench.sizes == [8, 4, 2, 1, 1]


async def test_it_needs_several_attempts_and_then_a_witness() -> None:
    bench = new_bench()
    await bench.add("bad", "b", "c")
    for attempt in range(1, SUSPECT_AFTER):
        assert await attempts(bench, refuses("bad"), most=1) == 1
        assert bench.store.box("acme").refusals.times == attempt
        assert bench.store.payloads("acme") == payloads("bad", "b", "c")
    before = len(bench.delivery.batches)
    await attempts(bench, refuses("bad"), most=1)

    sent = [[entry.payload for entry in batch] for batch in bench.delivery.batches[before:]]
    assert sent == [payloads("bad"), payloads("b"), payloads("c")]
    assert dead(bench) == payloads("bad")


async def test_where_nothing_waits_behind_it_it_holds_up_nothing_and_stays() -> None:
    bench = new_bench()
    await bench.add("bad")
    await attempts(bench, refuses("bad"), most=3 * SUSPECT_AFTER)
    assert (bench.store.payloads("acme"), dead(bench)) == (payloads("bad"), [])
    await bench.add("b")
    await attempts(bench, refuses("bad"), most=1)

    assert (taken(bench, ["bad"]), dead(bench)) == (payloads("b"), payloads("bad"))


async def test_what_a_customer_says_again_and_again_is_set_aside_together() -> None:
    bench = new_bench()
    bad = [f"bad {number}" for number in range(WITNESSES)]
    await bench.add(*bad, "b")
    await attempts(bench, refuses(*bad))

    assert (taken(bench, bad), dead(bench)) == (payloads("b"), payloads(*bad))


class TestAnOutageIsNobodysFault:
    @pytest.mark.parametrize(
        "verdict",
        [
            pytest.param(Refused("403: wrong secret"), id="a site that refuses everything"),
            pytest.param(Failed("the site answered 500"), id="a site that is broken"),
            pytest.param(Failed("no answer within 20 s"), id="a site that hangs"),
        ],
    )
    async def test_nothing_is_set_aside(self, verdict: Verdict) -> None:
        bench = new_bench()
        await bench.add(*"abcdefgh")
        await attempts(bench, lambda _entries: verdict, most=30)

        assert (bench.store.payloads("acme"), dead(bench)) == (payloads(*"abcdefgh"), [])

    async def test_an_event_that_breaks_its_site_is_kept_at_the_head_however_long_it_takes(self) -> None:
        bench = new_bench()
        await bench.add(*"abcdefgh")
        await attempts(bench, refuses("c", verdict=Failed("the site answered 500")), most=30)

        assert bench.store.payloads("acme")[-6:] == payloads(*"cdefgh")
        assert dead(bench) == []

    async def test_a_site_that_refuses_everything_costs_one_request_for_each_attempt_and_its_witnesses(self) -> None:
        bench = new_bench()
        await bench.add(*"abcdefgh")
        await attempts(bench, lambda _entries: Refused("403"), most=SUSPECT_AFTER + 2)

        first, later = [8, 4, 2, 1], [1]
        suspected = [1] * (1 + WITNESSES)
        assert bench.sizes == first + later * (SUSPECT_AFTER - 2) + suspected * 3

    async def test_a_site_that_comes_back_in_between_gets_everything(self) -> None:
        bench = new_bench()
        await bench.add(*"abcdefgh")
        await attempts(bench, lambda _entries: Refused("403"), most=SUSPECT_AFTER + 2)
        await attempts(bench, lambda _entries: Delivered())

        assert (bench.delivery.payloads[-8:], dead(bench)) == (payloads(*"abcdefgh"), [])


class TestWhileWitnessesAreHeard:
    async def suspected(self) -> DrainBench:
        bench = new_bench()
        await bench.add("bad", "b", "c")
        await attempts(bench, refuses("bad"), most=SUSPECT_AFTER - 1)
        return bench

    async def test_a_lease_that_is_lost_changes_nothing(self) -> None:
        bench = await self.suspected()

        def lose(entries: Sequence[Entry]) -> Verdict:
            if entries[0].payload != b'"bad"':
                bench.store.box("acme").token = "somebody else"
                return Delivered()
            return Refused("400")

        bench.delivery._verdicts = [lose] * 10
        assert await bench.run("late") is DrainEnd.STALE
        assert (bench.store.payloads("acme"), dead(bench)) == (payloads("bad", "b", "c"), [])

    async def test_an_event_that_an_operator_dropped_meanwhile_is_let_go(self) -> None:
        bench = await self.suspected()

        def drop(entries: Sequence[Entry]) -> Verdict:
            if entries[0].payload == b'"bad"':
                del bench.store.box("acme").entries[0]
                return Refused("400")
            return Delivered()

        bench.delivery._verdicts = [drop] * 10
        assert await bench.run("late") is DrainEnd.EMPTY
        assert (taken(bench, ["bad"]), dead(bench)) == (payloads("b", "c"), [])

    async def test_a_site_that_was_paused_meanwhile_is_left_alone(self) -> None:
        bench = await self.suspected()

        def pause(_entries: Sequence[Entry]) -> Verdict:
            bench.store.box("acme").state = DeliveryState.PAUSED
            return Refused("400")

        bench.delivery._verdicts = [pause] * 10
        assert await bench.run("late") is DrainEnd.PAUSED
        assert bench.store.payloads("acme") == payloads("bad", "b", "c")

    async def test_the_log_names_the_event_and_not_what_it_says(self) -> None:
        bench = await self.suspected()
        with capture_logs() as logs:
            await attempts(bench, refuses("bad"), most=1)

        (line,) = [line for line in logs if line["event"] == "event_refused"]
        assert line == {
            "event": "event_refused",
            "log_level": "warning",
            "site": "acme",
            "event_id": bench.store.box("acme").dead[0].entry.id,
        }


@given(
    texts=st.integers(1, 30),
    poison=st.sets(st.integers(0, 29), max_size=4),
    most=st.integers(1, 12),
    down=st.sets(st.integers(0, 40)),
    too_large=st.booleans(),
)
def test_whatever_is_poison_the_others_arrive_in_order_and_nothing_else_is_set_aside(
    texts: int, poison: set[int], most: int, down: set[int], *, too_large: bool
) -> None:
    """The site fails now and then, too; poison may stand anywhere, so that the last one may lack a witness."""

    async def play() -> None:
        bench = new_bench(limits=BatchLimits(most, 10**6))
        everything = [f"e{number}" for number in range(texts)]
        bad = [text for number, text in enumerate(everything) if number in poison]
        await bench.add(*everything)
        honest, requests = refuses(*bad, verdict=TooLarge() if too_large else None), iter(range(10**6))
        got: list[bytes] = []

        def answer(entries: Sequence[Entry]) -> Verdict:
            verdict = Failed("away") if next(requests) in down else honest(entries)
            if isinstance(verdict, Delivered):
                got.extend(entry.payload for entry in entries)
            return verdict

        await attempts(bench, answer, most=100)
        good = [text for text in everything if text not in bad]
        left = bench.store.payloads("acme")

        assert list(dict.fromkeys(got)) == payloads(*good)
        assert dead(bench) + left == payloads(*bad)
        assert left == [] or everything[-len(left) :] == bad[-len(left) :]
        assert bench.delivery.most_in_flight == 1

    asyncio.run(play())


@given(refused=st.lists(st.sampled_from([Refused("400"), Failed("away"), TooLarge()]), min_size=1, max_size=60))
def test_a_site_that_takes_nothing_loses_nothing(refused: list[Verdict]) -> None:
    async def play() -> None:
        bench = new_bench()
        await bench.add(*"abcdefgh")
        verdicts = iter(refused)
        await attempts(bench, lambda _entries: next(verdicts, Refused("400")), most=20)

        assert dead(bench) == []
        assert bench.store.payloads("acme") == payloads(*"abcdefgh")

    asyncio.run(play())
