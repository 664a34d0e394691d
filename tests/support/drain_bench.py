"""A drain on outboxes in memory, with a site that answers as scripted."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from relay.core.delivery import Delivered, Verdict
from relay.core.outbox import DEFAULT_LIMITS, BatchLimits, Entry
from relay.engine.drain import Drain, DrainEnd
from relay.engine.sending import DrainStop
from shared.wire import Rejection
from tests.support.clock import ManualClock
from tests.support.fakes import FakeDelivery, FakeSchedule, incoming
from tests.support.memory_outboxes import MemoryOutboxes
from tests.support.waiting import soon

Verdicts = Iterable[Verdict | Callable[[Sequence[Entry]], Verdict]]


@dataclass
class DrainBench:
    """One drain and everything around it."""

    store: MemoryOutboxes
    delivery: FakeDelivery
    schedule: FakeSchedule
    clock: ManualClock
    monotonic: ManualClock
    stop: DrainStop
    drain: Drain

    async def add(self, *texts: str) -> None:
        """Put events into the outbox."""
        await self.store.append({"acme": incoming("1", *texts)}, token="")

    async def run(self, holder: str = "t1") -> DrainEnd:
        """Take the lease and drain."""
        assert await self.store.claim("acme", token=holder)
        return await soon(self.drain.run("acme", token=holder, stop=self.stop))

    @property
    def sizes(self) -> list[int]:
        """How many events each batch had."""
        return [len(batch) for batch in self.delivery.batches]


def new_bench(verdicts: Verdicts = (), *, limits: BatchLimits = DEFAULT_LIMITS, turn_s: float = math.inf) -> DrainBench:
    """Make one; the site answers with `verdicts`, then takes everything."""
    clock, monotonic = ManualClock(), ManualClock()
    store, delivery, schedule = MemoryOutboxes(clock), FakeDelivery(verdicts), FakeSchedule()
    drain = Drain(
        store,
        delivery,
        schedule,
        clock=clock,
        monotonic=monotonic,
        random=lambda: 0.5,
        limits=limits,
        turn_s=turn_s,
    )
    return DrainBench(store, delivery, schedule, clock, monotonic, DrainStop(), drain)


def refuse(*positions: int) -> Callable[[Sequence[Entry]], Verdict]:
    """Take a batch but for these."""
    return lambda entries: Delivered([Rejection(entries[position].id, "odd") for position in positions])
