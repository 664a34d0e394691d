"""One measurement of what goes through: start a system, warm it up, send, wait for the last event, check every one."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.checker import refuse_problems
from tests.bench.children import wait_until
from tests.bench.errors import BenchFailed
from tests.bench.light_site import LightSites, site_url
from tests.bench.processes.load import Sent
from tests.bench.receivers import Completion
from tests.bench.relay_process import SETTLE_TIMEOUT_S
from tests.bench.senders import send_eagerly
from tests.bench.systems import System, SystemStarter
from tests.bench.traffic import Traffic, expected, site_name
from tests.bench.usage import Meter, Shares

DELIVERY_TIMEOUT_S = 60.0
"""How long the rest of the delivery may take when all is accepted, before the benchmark gives up."""
WARM_UP_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Measurement:
    """What came of it. Rates are events a second."""

    events: int
    seconds: float
    """From the first request to the last event at the site (to the last answer, where nothing is delivered)."""
    events_per_s: float
    accepted_per_s: float
    batches: int
    answer_p50_ms: float
    answer_p99_ms: float
    shares: Shares

    @property
    def events_per_batch(self) -> float:
        """How many events came together on average; 0 where nothing is delivered."""
        return self.events / self.batches if self.batches else 0.0

    @property
    def cpu_us_per_event(self) -> float:
        """What all but the harness used: hardly changed by other programs, unlike the speed."""
        return self.shares.measured / self.events_per_s * 1e6


def measure(start: SystemStarter, traffic: Traffic, sites: LightSites, *, folder: Path) -> Measurement:
    """Measure once. Raises BenchFailed unless every event arrived exactly once and in order."""
    addresses = {site_name(index): site_url(sites.port, index) for index in traffic.site_indices()}
    with tempfile.TemporaryDirectory(dir=folder, prefix="data-") as data, start(Path(data), addresses) as system:
        bodies = round(traffic.events / traffic.events_per_body * WARM_UP_SHARE)
        events = max(bodies, traffic.senders) * traffic.events_per_body
        _send(system, replace(traffic, events=events, series="W"), sites)
        return _send(system, traffic, sites)


def _send(system: System, traffic: Traffic, sites: LightSites) -> Measurement:
    sites.expect(traffic.events)
    meter = Meter({**system.processes, **sites.processes} if system.delivers else system.processes)
    sent = send_eagerly(system.port, traffic)
    if not system.delivers:
        return _summary(traffic, sent, Completion(sent.finished_at, 0), meter)
    completion = sites.completion(timeout_s=DELIVERY_TIMEOUT_S)
    summary = _summary(traffic, sent, completion, meter) if completion else None
    if completion is not None:
        wait_until(system.settled, what="the system to come to rest", timeout_s=SETTLE_TIMEOUT_S)
    refuse_problems(expected(traffic), sites.arrivals(), ids_rise=system.numbers_events)
    if summary is None:
        raise BenchFailed(f"the last event came later than {DELIVERY_TIMEOUT_S:.0f} s after it was accepted")
    return summary


def _summary(traffic: Traffic, sent: Sent, completion: Completion, meter: Meter) -> Measurement:
    seconds = completion.at - sent.started_at
    return Measurement(
        events=traffic.events,
        seconds=seconds,
        events_per_s=traffic.events / seconds,
        accepted_per_s=traffic.events / (sent.finished_at - sent.started_at),
        batches=completion.batches,
        answer_p50_ms=sent.answer_p50_ms,
        answer_p99_ms=sent.answer_p99_ms,
        shares=meter.shares(seconds=seconds, senders_s=sent.cpu_s, senders_in_all_s=sent.cpu_in_all_s),
    )
