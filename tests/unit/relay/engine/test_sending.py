"""One delivery: its lease renewed meanwhile, given up when it is lost or the process must end."""

import asyncio
from collections.abc import Sequence

import pytest

from relay.core.delivery import Delivered, Verdict
from relay.core.errors import StoreUnavailable
from relay.core.outbox import Entry
from relay.engine import sending
from relay.engine.ports import Step
from relay.engine.sending import Cut, DrainStop, send
from tests.support.fakes import FakeDelivery
from tests.support.waiting import soon

ENTRIES = [Entry("1-0", "1", "messaging", b"{}")]


class Leases:
    """Fits `engine.sending.Leases`."""

    def __init__(self, *answers: Step | StoreUnavailable) -> None:
        self.asked = 0
        self.answers = list(answers)
        self.enough = asyncio.Event()

    async def extend(self, outbox: str, *, token: str) -> Step:
        assert (outbox, token) == ("acme", "t1")
        self.asked += 1
        answer = self.answers.pop(0)
        if not self.answers:
            self.enough.set()
        if isinstance(answer, StoreUnavailable):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "RENEW_EVERY_S", 0.001)


async def send_to(delivery: FakeDelivery, leases: Leases, stop: DrainStop) -> Verdict | Cut:
    return await soon(send(ENTRIES, site="acme", token="t1", leases=leases, delivery=delivery, stop=stop))


async def test_a_quick_answer_is_its_verdict_and_renews_nothing() -> None:
    leases = Leases()

    assert await send_to(FakeDelivery(), leases, DrainStop()) == Delivered()
    assert leases.asked == 0


async def test_meanwhile_the_lease_is_renewed_also_when_redis_is_away_for_a_moment() -> None:
    delivery, leases = FakeDelivery(), Leases(Step.HELD, StoreUnavailable("away"), Step.HELD)
    leases.answers += [Step.HELD] * 10_000
    delivery.gate = leases.enough
    asyncio.get_running_loop().call_later(0.05, leases.enough.set)

    assert await send_to(delivery, leases, DrainStop()) == Delivered()
    assert leases.asked >= 3


async def test_a_lease_that_is_lost_ends_it() -> None:
    delivery = FakeDelivery()
    delivery.gate = asyncio.Event()

    assert await send_to(delivery, Leases(Step.HELD, Step.STALE), DrainStop()) is Cut.LOST
    assert (delivery.cancelled, delivery.in_flight) == (1, 0)


async def test_a_process_that_must_end_gives_up_what_is_in_flight_and_nothing_else() -> None:
    delivery, stop = FakeDelivery(), DrainStop()
    assert await send_to(delivery, Leases(), stop) == Delivered()
    delivery.gate = asyncio.Event()
    running = asyncio.ensure_future(send_to(delivery, Leases(*[Step.HELD] * 10_000), stop))
    delivery.begun.clear()
    await soon(delivery.begun.wait())
    stop.give_up()

    assert await running is Cut.GIVEN_UP
    assert (delivery.cancelled, delivery.in_flight) == (1, 0)


async def test_whoever_is_cancelled_leaves_no_delivery_behind() -> None:
    delivery = FakeDelivery()
    delivery.gate = asyncio.Event()
    running = asyncio.ensure_future(send_to(delivery, Leases(*[Step.HELD] * 10_000), DrainStop()))
    await soon(delivery.begun.wait())
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert (delivery.cancelled, delivery.in_flight) == (1, 0)


async def test_a_fault_in_it_is_the_callers_to_know() -> None:
    def fail(_entries: Sequence[Entry]) -> Verdict:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await send_to(FakeDelivery([fail]), Leases(), DrainStop())
