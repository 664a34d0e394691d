"""Retention: who looks when, that it goes on until nothing is beyond its limits, and that nothing ends it."""

import asyncio
from collections.abc import Mapping, Sequence

from structlog.testing import capture_logs

from relay.core.errors import StoreUnavailable
from relay.core.limits import LossReason, Part
from relay.engine.retention import RETAIN_EVERY_S, Retention, Trimmed
from tests.support.waiting import soon, turn_over


class Store:
    """Fits `engine.retention.RetentionStore`: each outbox has so much too much, of which a step takes ten at most."""

    def __init__(self, **too_much: int) -> None:
        self.too_much = {Part.WAITING: dict(too_much), Part.DEAD: {"dead": 1}}
        self.mine = True
        self.turns: list[float] = []
        self.trouble: Exception | None = None
        self.asked = asyncio.Event()

    async def begin(self, *, for_s: float) -> bool:
        self.turns.append(for_s)
        self.asked.set()
        if self.trouble:
            raise self.trouble
        return self.mine

    async def outboxes(self, part: Part) -> Sequence[str]:
        return list(self.too_much[part])

    async def trim(self, outbox: str, part: Part) -> Trimmed:
        left = self.too_much[part][outbox]
        self.too_much[part][outbox] = max(0, left - 10)
        reason = LossReason.of(part, LossReason.AGE)
        return Trimmed({reason: min(10, left)} if left else {}, more=left > 10)


class Alarms(list[tuple[str, Mapping[LossReason, int]]]):
    """Fits `engine.losses.OnLoss`."""

    def __call__(self, outbox: str, lost: Mapping[LossReason, int]) -> None:
        if lost:
            self.append((outbox, lost))


async def test_every_outbox_and_its_dead_letters_are_held_to_their_limits_step_by_step() -> None:
    store, alarms = Store(acme=25, beta=0), Alarms()
    await Retention(store, alarms).once(asyncio.Event())

    assert alarms == [
        ("acme", {LossReason.AGE: 10}),
        ("acme", {LossReason.AGE: 10}),
        ("acme", {LossReason.AGE: 5}),
        ("dead", {LossReason.DEAD_AGE: 1}),
    ]


async def test_one_process_of_all_looks() -> None:
    store, alarms = Store(acme=5), Alarms()
    store.mine = False
    await Retention(store, alarms).once(asyncio.Event())

    assert (alarms, store.turns) == ([], [RETAIN_EVERY_S / 2])


async def test_it_stops_between_two_steps() -> None:
    store, alarms, stop = Store(acme=1000), Alarms(), asyncio.Event()

    def stop_at_once(outbox: str, lost: Mapping[LossReason, int]) -> None:
        alarms(outbox, lost)
        stop.set()

    await soon(Retention(store, stop_at_once).run(stop))

    assert alarms == [("acme", {LossReason.AGE: 10})]


async def test_trouble_is_told_and_ends_nothing() -> None:
    for trouble, event in ((StoreUnavailable("away"), "retention_waits_for_redis"), (ValueError(), "retention_failed")):
        store, stop = Store(), asyncio.Event()
        store.trouble = trouble
        with capture_logs() as logs:
            task = asyncio.create_task(Retention(store, Alarms()).run(stop))
            await soon(store.asked.wait())
            await turn_over()
            assert not task.done()
            stop.set()
            await soon(task)

        assert [line["event"] for line in logs] == [event]
