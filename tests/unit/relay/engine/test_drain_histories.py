"""Random histories of a drain: whatever the site and Redis do, nothing is lost and nothing is overtaken."""

import asyncio
from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from relay.core.delivery import Delivered, Failed, TooLarge, Verdict
from relay.core.errors import StoreUnavailable
from relay.core.outbox import BatchLimits, Entry
from relay.engine.drain import DrainEnd
from tests.support.drain_bench import new_bench, refuse
from tests.support.fakes import payloads

VERDICTS = st.sampled_from([Delivered(), TooLarge(), Failed("away"), refuse(0), refuse(-1), "redis away"])


@given(
    events=st.integers(1, 30),
    more=st.lists(st.integers(0, 3), max_size=10),
    verdicts=st.lists(VERDICTS, max_size=25),
    most=st.integers(1, 8),
)
def test_whatever_happens_every_event_ends_up_taken_or_a_dead_letter_in_order(
    events: int, more: list[int], verdicts: list[Verdict | Callable[[Sequence[Entry]], Verdict] | str], most: int
) -> None:
    """Nothing lost, nothing overtaken: what is taken the first time is in the order it was accepted."""

    async def play() -> None:
        texts = [f"e{number}" for number in range(events + sum(more))]
        bench = new_bench(limits=BatchLimits(most, 10**6))
        await bench.add(*texts[:events])
        added, taken = events, list[bytes]()
        script, later = list(verdicts), list(more)

        def answer(entries: Sequence[Entry]) -> Verdict:
            verdict = script.pop(0) if script else Delivered()
            if isinstance(verdict, str):
                bench.store.broken = True
                return Delivered()
            if callable(verdict):
                verdict = verdict(entries)
            if isinstance(verdict, Delivered):
                refused = {rejection.id for rejection in verdict.rejected}
                taken.extend(entry.payload for entry in entries if entry.id not in refused)
            return verdict

        bench.delivery._verdicts = [answer] * 10_000
        for attempt in range(1000):
            if later:
                size = later.pop()
                await bench.add(*texts[added : added + size])
                added += size
            try:
                end = await bench.run(f"t{attempt}")
            except StoreUnavailable:
                end = None
            bench.store.broken = False
            bench.clock.advance(3600)
            if end is DrainEnd.EMPTY and not later:
                break

        dead = [letter.entry.payload for letter in bench.store.box("acme").dead]
        first = list(dict.fromkeys([*taken]))
        assert bench.store.payloads("acme") == []
        assert sorted({*first, *dead}) == sorted(payloads(*texts))
        assert first == [payload for payload in payloads(*texts) if payload in set(first)]
        assert dead == [payload for payload in payloads(*texts) if payload in set(dead)]
        assert bench.delivery.most_in_flight == 1

    asyncio.run(play())
