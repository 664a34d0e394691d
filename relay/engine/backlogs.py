"""The metrics that are asked for and not counted: how many sites are parked, and what waits for whom, as of now.

They cost Redis some commands for each outbox that may have a backlog, so the answer is kept for some seconds, only so
many outboxes are looked at, and only those with most to wait for get a name of their own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from relay.core.delivery import DeliveryState
from relay.core.errors import StoreUnavailable
from relay.core.outbox import is_holding
from relay.engine.status import DeliveryStates, OutboxStatus
from shared.clock import Clock
from shared.logs import get_logger

log = get_logger(__name__)

KEPT_S = 10.0
MOST_OUTBOXES = 2_000
"""Outboxes looked at, those first that are soonest to be looked at by the sweep: paused and unclaimed ones last."""
MOST_NAMED = 100
"""Sites that get time series of their own: each costs Prometheus memory for as long as it keeps its data."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How the backlogs stand at one moment."""

    at_ms: int = 0
    outboxes: Sequence[OutboxStatus] = ()
    """Those for which something waits."""
    not_looked_at: int = 0


class Backlogs(Collector):
    """Reads a snapshot when it is asked to, and shows it to Prometheus."""

    def __init__(self, states: DeliveryStates, *, clock: Clock) -> None:
        self._states = states
        self._clock = clock
        self._snapshot: Snapshot | None = None

    async def refresh(self) -> None:
        """Read anew what is older than KEPT_S. While Redis is away nothing is shown, and everything else still is."""
        if self._snapshot is not None and self._clock() - self._snapshot.at_ms / 1000 < KEPT_S:
            return
        try:
            marked = await self._states.marked()
            found = await self._states.outboxes(marked[:MOST_OUTBOXES])
        except StoreUnavailable as error:
            log.warning("backlogs_not_read", reason=str(error))
            self._snapshot = None
            return
        waiting = [each for each in found if each.waiting]
        self._snapshot = Snapshot(round(self._clock() * 1000), waiting, max(0, len(marked) - MOST_OUTBOXES))

    def collect(self) -> Iterator[Metric]:
        """Show the last snapshot."""
        if self._snapshot is not None:
            yield from families(self._snapshot)


def families(snapshot: Snapshot) -> Iterator[Metric]:
    """Write a snapshot as Prometheus' metrics."""
    sites = [each for each in snapshot.outboxes if not is_holding(each.outbox)]
    unclaimed = [each for each in snapshot.outboxes if is_holding(each.outbox)]
    states = GaugeMetricFamily("relay_sites_waiting", "Sites for which something waits, by state", labels=["state"])
    for state in DeliveryState:
        states.add_metric([state.value], sum(each.state is state for each in sites))
    yield states
    yield from _of_sites(sites, snapshot.at_ms)
    yield _gauge("relay_unclaimed_pages", "Pages that no site claims and for which something waits", len(unclaimed))
    yield _gauge("relay_unclaimed_events", "Events of pages that no site claims", _events(unclaimed))
    yield _gauge(
        "relay_outboxes_not_counted",
        f"Outboxes with a backlog beyond the {MOST_OUTBOXES} that these metrics look at",
        snapshot.not_looked_at,
    )


def _of_sites(sites: Sequence[OutboxStatus], now_ms: int) -> Iterator[Metric]:
    events = GaugeMetricFamily(
        "relay_backlog_events", f"Events that wait, for the {MOST_NAMED} sites with most of them", labels=["site"]
    )
    oldest = GaugeMetricFamily(
        "relay_backlog_oldest_seconds", "Age of the oldest event that waits, for the same sites", labels=["site"]
    )
    for each in sorted(sites, key=lambda each: each.waiting, reverse=True)[:MOST_NAMED]:
        events.add_metric([each.outbox], each.waiting)
        oldest.add_metric([each.outbox], _age_s(each, now_ms))
    yield events
    yield oldest
    yield _gauge("relay_backlogs_events", "Events that wait for all sites together", _events(sites))
    yield _gauge(
        "relay_backlogs_oldest_seconds",
        "Age of the oldest event that waits for any site",
        max((_age_s(each, now_ms) for each in sites), default=0.0),
    )


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value=value)


def _events(outboxes: Sequence[OutboxStatus]) -> int:
    return sum(each.waiting for each in outboxes)


def _age_s(status: OutboxStatus, now_ms: int) -> float:
    return max(0, now_ms - (status.oldest_at_ms or now_ms)) / 1000
