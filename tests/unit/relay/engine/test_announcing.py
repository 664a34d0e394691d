"""A site announces itself: what waits leaves at once, nobody is drained twice, a paused site stays paused."""

import pytest
from structlog.testing import capture_logs

from relay.core.delivery import DeliveryState
from relay.core.errors import StoreUnavailable
from relay.engine.announcing import Announced, Announcing
from tests.support.clock import ManualClock
from tests.support.fakes import incoming
from tests.support.memory_outboxes import MemoryOutboxes


class Bench:
    """The use case on outboxes in memory, and a lane that only remembers what it was asked to claim."""

    def __init__(self) -> None:
        self.store = MemoryOutboxes(ManualClock())
        self.claimed: list[str] = []
        self.claims_succeed = True
        self.announcing = Announcing(self.store, self)

    async def claim(self, outbox: str) -> bool:
        """Stand in for the lane."""
        self.claimed.append(outbox)
        return self.claims_succeed

    async def add(self, *texts: str, state: DeliveryState = DeliveryState.UP) -> None:
        """Let events wait for a site in this state."""
        await self.store.append({"acme": incoming("1", *texts)}, token="")
        self.store.box("acme").state = state


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("state", [DeliveryState.UP, DeliveryState.PARKED])
async def test_what_waits_is_drained_at_once(bench: Bench, state: DeliveryState) -> None:
    await bench.add("a", "b", state=state)

    assert await bench.announcing.ready("acme") == Announced(state, 2, draining=True)
    assert bench.claimed == ["acme"]


async def test_where_nothing_waits_nothing_is_sent_and_the_site_is_up(bench: Bench) -> None:
    bench.store.box("acme").state = DeliveryState.PARKED

    assert await bench.announcing.ready("acme") == Announced(DeliveryState.UP, 0, draining=False)
    assert bench.claimed == []


async def test_a_site_that_somebody_drains_is_left_to_them(bench: Bench) -> None:
    await bench.add("a")
    await bench.store.claim("acme", token="another process")

    assert await bench.announcing.ready("acme") == Announced(DeliveryState.UP, 1, draining=True)
    assert bench.claimed == []


async def test_a_paused_site_is_not_drained(bench: Bench) -> None:
    await bench.add("a", state=DeliveryState.PAUSED)

    assert await bench.announcing.ready("acme") == Announced(DeliveryState.PAUSED, 1, draining=False)
    assert bench.claimed == []


async def test_a_process_that_stops_says_that_it_does_not_drain(bench: Bench) -> None:
    await bench.add("a", state=DeliveryState.PARKED)
    bench.claims_succeed = False

    assert await bench.announcing.ready("acme") == Announced(DeliveryState.PARKED, 1, draining=False)


async def test_redis_away_is_the_callers_to_know(bench: Bench) -> None:
    bench.store.broken = True
    with pytest.raises(StoreUnavailable):
        await bench.announcing.ready("acme")


async def test_the_log_says_how_the_site_stood(bench: Bench) -> None:
    await bench.add("what the customer wrote")
    with capture_logs() as logs:
        await bench.announcing.ready("acme")

    assert logs == [
        {"event": "site_ready", "log_level": "info", "site": "acme", "state": "up", "waiting": 1, "draining": True}
    ]
