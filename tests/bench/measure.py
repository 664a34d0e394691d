"""One measurement: start a system, warm it up, send, wait for the last event at the site, check every one of them."""

import json
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tests.bench import usage
from tests.bench.checker import find_problems
from tests.bench.children import output_of, python, wait_until
from tests.bench.errors import BenchFailed
from tests.bench.processes.load import Sent
from tests.bench.sites import Completion, SiteProcess
from tests.bench.systems import SETTLE_TIMEOUT_S, System, SystemStarter
from tests.bench.traffic import Traffic, expected

DELIVERY_TIMEOUT_S = 60.0
"""How long sending, and then the rest of the delivery, may take before the benchmark gives up."""
WARM_UP_SHARE = 0.1
_PROBLEMS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Measurement:
    """What came of it. Rates are events a second; processor shares are of one processor."""

    events: int
    seconds: float
    """From the first request to the last event at the site (to the last answer, where nothing is delivered)."""
    events_per_s: float
    accepted_per_s: float
    batches: int
    answer_p50_ms: float
    answer_p99_ms: float
    processors: Mapping[str, float]
    others: float
    """Processor share of what was none of ours: noise."""
    stolen: float
    """Processor share that the machine below us gave to others: noise."""


def measure(start: SystemStarter, traffic: Traffic, site: SiteProcess, *, folder: Path) -> Measurement:
    """Measure once. Raises BenchFailed unless every event arrived exactly once and in order."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="data-") as data:
        started: AbstractContextManager[System] = start(Path(data), site.url, traffic.site_names())
        with started as system:
            bodies = round(traffic.events / traffic.events_per_body * WARM_UP_SHARE)
            _send(system, replace(traffic, events=max(bodies, traffic.senders) * traffic.events_per_body), site)
            return _send(system, traffic, site)


def _send(system: System, traffic: Traffic, site: SiteProcess) -> Measurement:
    processes = {**system.processes, "site": site.process} if system.delivers else system.processes
    site.expect(traffic.events)
    before = usage.read(processes)
    sent = _run_senders(system.port, traffic)
    if not system.delivers:
        return _summary(traffic, sent, Completion(sent.finished_at, 0), before, usage.read(processes))
    completion = site.completion(timeout_s=DELIVERY_TIMEOUT_S)
    after = usage.read(processes)
    if completion is not None:
        wait_until(system.settled, what="the system to come to rest", timeout_s=SETTLE_TIMEOUT_S)
    _check(traffic, site)
    if completion is None:
        raise BenchFailed(f"the last event came later than {DELIVERY_TIMEOUT_S:.0f} s after it was accepted")
    return _summary(traffic, sent, completion, before, after)


def _run_senders(port: int, traffic: Traffic) -> Sent:
    command = python("tests.bench.processes.load", str(port), json.dumps(asdict(traffic)))
    sent = Sent(**json.loads(output_of(command, timeout_s=DELIVERY_TIMEOUT_S)))
    if set(sent.statuses) != {"200"}:
        raise BenchFailed(f"not every webhook was accepted; answers by status: {sent.statuses}")
    return sent


def _check(traffic: Traffic, site: SiteProcess) -> None:
    problems = find_problems(expected(traffic), site.arrivals())
    if problems:
        shown = [*problems[:_PROBLEMS_SHOWN], *(["…"] if len(problems) > _PROBLEMS_SHOWN else [])]
        raise BenchFailed("\n  ".join(["the sites did not get every event once and in order:", *shown]))


def _summary(
    traffic: Traffic, sent: Sent, completion: Completion, before: usage.Reading, after: usage.Reading
) -> Measurement:
    seconds = completion.at - sent.started_at
    ours = usage.used_between(before, after)
    others = after.busy - before.busy - sum(ours.values()) - sent.cpu_in_all_s
    return Measurement(
        events=traffic.events,
        seconds=seconds,
        events_per_s=traffic.events / seconds,
        accepted_per_s=traffic.events / (sent.finished_at - sent.started_at),
        batches=completion.batches,
        answer_p50_ms=sent.answer_p50_ms,
        answer_p99_ms=sent.answer_p99_ms,
        processors={name: used / seconds for name, used in (ours | {"senders": sent.cpu_s}).items()},
        others=max(0.0, others) / (after.at - before.at),
        stolen=(after.stolen - before.stolen) / (after.at - before.at),
    )
