"""Benchmark 1, "accept and deliver": events a second that one relay process accepts and brings to the site.

The rows run one after the other, round after round, so that a slow minute of the machine meets all of them; what is
reported is the median of the rounds, and each ratio is taken within its round.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import systems
from tests.bench.measure import Measurement, measure
from tests.bench.sites import run_sites
from tests.bench.systems import SystemStarter
from tests.bench.traffic import Traffic

NAME = "accept_and_deliver"
BARE = "bare"
SENDERS = 32
QUICK_SHARE = 10
"""By what the events are divided for the short form."""


@dataclass(frozen=True)
class Row:
    """One thing that is measured."""

    key: str
    title: str
    start: SystemStarter
    traffic: Traffic
    rival: str = ""
    """The key of the RQ row with the same kind of Redis; empty where the comparison would not be fair."""


ROWS = (
    Row(BARE, "aiohttp handler that does nothing", systems.bare, Traffic(24_000)),
    Row("relay_always", "relay, appendfsync always", systems.relay_embedded, Traffic(10_000), "rq_always"),
    Row("relay_everysec", "relay, appendfsync everysec", systems.relay_everysec, Traffic(10_000), "rq_everysec"),
    Row("relay_20_sites", "relay, always, 20 sites in turn", systems.relay_embedded, Traffic(6_000, sites=20)),
    Row(
        "relay_50_per_body",
        "relay, always, 50 events in a body",
        systems.relay_embedded,
        Traffic(50_000, events_per_body=50),
    ),
    Row("rq_always", "RQ, a job for each event, always", systems.rq_always, Traffic(320)),
    Row("rq_everysec", "RQ, a job for each event, everysec", systems.rq_everysec, Traffic(320)),
)

Results = Mapping[str, Sequence[Measurement]]
"""Row → one measurement for each round."""


def run(*, rounds: int, quick: bool, folder: Path, tell: Callable[[str], None]) -> Results:
    """Measure every row in every round. Raises BenchFailed when an event is lost, doubled or overtaken anywhere."""
    results: dict[str, list[Measurement]] = {row.key: [] for row in ROWS}
    with run_sites(folder) as site:
        for number in range(1, rounds + 1):
            for row in ROWS:
                found = measure(row.start, traffic_of(row, quick=quick), site, folder=folder)
                results[row.key].append(found)
                tell(f"round {number} of {rounds}: {row.title}: {found.events_per_s:,.0f} events/s")
    return results


def traffic_of(row: Row, *, quick: bool) -> Traffic:
    """Return what is sent for a row."""
    given = row.traffic
    events = given.events // QUICK_SHARE if quick else given.events
    return Traffic(events, SENDERS, given.sites, given.events_per_body)


def ratio(results: Results, of: str, to: str) -> float | None:
    """Return the median over the rounds of how many times as fast `of` was as `to`; None where there is no `to`."""
    if not to:
        return None
    pairs = zip(results[of], results[to], strict=True)
    return statistics.median(mine.events_per_s / theirs.events_per_s for mine, theirs in pairs)
