"""What Prometheus is told of backlogs, and what asking costs."""

from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from relay.core.delivery import DeliveryState
from relay.core.errors import StoreUnavailable
from relay.engine import backlogs
from relay.engine.backlogs import KEPT_S, MOST_NAMED, Backlogs
from relay.engine.status import OutboxStatus
from tests.support.clock import NOON, ManualClock

Samples = dict[tuple[str, str], float]


def outbox(name: str, waiting: int, *, age_s: float = 0.0, state: DeliveryState = DeliveryState.UP) -> OutboxStatus:
    oldest_at_ms = round((NOON - age_s) * 1000) if waiting else None
    return OutboxStatus(name, state, waiting, oldest_at_ms, False, 0, 0, 0, None, None, "", None, None)


class States:
    """Fits `engine.status.DeliveryStates`, as far as it is read."""

    def __init__(self, *outboxes: OutboxStatus) -> None:
        self.known = {each.outbox: each for each in outboxes}
        self.asked: list[Sequence[str]] = []
        self.away = False

    async def lossy(self) -> Sequence[str]:
        return []

    async def marked(self) -> Sequence[str]:
        if self.away:
            raise StoreUnavailable("away")
        return list(self.known)

    async def outboxes(self, names: Sequence[str]) -> Sequence[OutboxStatus]:
        self.asked.append(names)
        return [self.known[name] for name in names]

    async def resume(self, name: str) -> DeliveryState:
        raise NotImplementedError(name)

    async def pause(self, name: str, *, reason: str) -> DeliveryState:
        raise NotImplementedError(name)


async def shown(subject: Backlogs) -> Samples:
    """Return what Prometheus reads: metric and label → value."""
    await subject.refresh()
    registry = CollectorRegistry()
    registry.register(subject)
    text = generate_latest(registry).decode()
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_sites_by_state_and_what_waits_for_whom_and_since_when() -> None:
    states = States(
        outbox("acme", 3, age_s=61.5),
        outbox("beta", 5, age_s=600, state=DeliveryState.PARKED),
        outbox("gamma", 1, age_s=7200, state=DeliveryState.PAUSED),
        outbox("empty", 0),
        outbox("~1122", 7, age_s=86_400),
        outbox("~3344", 2, age_s=1),
    )

    assert await shown(Backlogs(states, clock=ManualClock())) == {
        ("relay_sites_waiting", "up"): 1,
        ("relay_sites_waiting", "parked"): 1,
        ("relay_sites_waiting", "paused"): 1,
        ("relay_backlog_events", "acme"): 3,
        ("relay_backlog_events", "beta"): 5,
        ("relay_backlog_events", "gamma"): 1,
        ("relay_backlog_oldest_seconds", "acme"): 61.5,
        ("relay_backlog_oldest_seconds", "beta"): 600,
        ("relay_backlog_oldest_seconds", "gamma"): 7200,
        ("relay_backlogs_events", ""): 9,
        ("relay_backlogs_oldest_seconds", ""): 7200,
        ("relay_unclaimed_pages", ""): 2,
        ("relay_unclaimed_events", ""): 9,
        ("relay_outboxes_not_counted", ""): 0,
    }


async def test_only_the_sites_with_most_to_wait_for_have_a_name_and_all_are_in_the_sum() -> None:
    states = States(*(outbox(f"site-{number}", number) for number in range(1, MOST_NAMED + 11)))
    found = await shown(Backlogs(states, clock=ManualClock()))
    named = {label for name, label in found if name == "relay_backlog_events"}

    assert named == {f"site-{number}" for number in range(11, MOST_NAMED + 11)}
    assert found["relay_backlogs_events", ""] == sum(range(1, MOST_NAMED + 11))


async def test_a_scrape_looks_at_so_many_outboxes_and_says_how_many_it_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backlogs, "MOST_OUTBOXES", 3)
    states = States(*(outbox(f"site-{number}", 1) for number in range(5)))
    found = await shown(Backlogs(states, clock=ManualClock()))

    assert [len(names) for names in states.asked] == [3]
    assert found["relay_outboxes_not_counted", ""] == 2


async def test_scrapes_in_quick_succession_ask_once() -> None:
    clock, states = ManualClock(), States(outbox("acme", 1))
    subject = Backlogs(states, clock=clock)
    for seconds in (0.0, KEPT_S - 0.1, 0.2):
        clock.advance(seconds)
        await shown(subject)

    assert len(states.asked) == 2


async def test_an_event_from_a_clock_that_is_ahead_has_no_age() -> None:
    found = await shown(Backlogs(States(outbox("acme", 1, age_s=-5)), clock=ManualClock()))

    assert found["relay_backlog_oldest_seconds", "acme"] == 0


async def test_redis_away_shows_nothing_rather_than_something_old_and_goes_on_afterwards() -> None:
    clock, states = ManualClock(), States(outbox("acme", 1))
    subject = Backlogs(states, clock=clock)
    await shown(subject)
    clock.advance(KEPT_S)
    states.away = True
    with capture_logs() as logs:
        assert await shown(subject) == {}
    states.away = False

    assert [line["event"] for line in logs] == ["backlogs_not_read"]
    assert (await shown(subject))["relay_backlog_events", "acme"] == 1
