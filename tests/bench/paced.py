"""One measurement of how long events take: send on schedule while everything runs, check, and compare the times.

Every time counts from when a webhook was due, not from when it could leave: see `schedule`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.bench.checker import Arrival, refuse_problems
from tests.bench.errors import BenchFailed
from tests.bench.figures import median
from tests.bench.outcome import Sheet
from tests.bench.processes.paced import Paced, Posted
from tests.bench.receivers import Receiver
from tests.bench.relay_process import RelayProcess
from tests.bench.schedule import Flow
from tests.bench.senders import percentiles_ms, send_punctually
from tests.bench.traffic import expected, site_name
from tests.bench.usage import Meter, Shares

DELIVERY_TIMEOUT_S = 30.0
WARM_UP_S = 2.0


@dataclass(frozen=True, slots=True)
class Latency:
    """What came of it, in milliseconds after each webhook was due."""

    events: int
    answer_p50_ms: float
    answer_p99_ms: float
    stored_p50_ms: float
    stored_p99_ms: float
    stored_max_ms: float
    late_p99_ms: float
    """How late webhooks left: what of all these times may be the harness' own."""
    shares: Shares


def warm_up(relay: RelayProcess, receiver: Receiver, flow: Flow) -> None:
    """Send a short while of the flow: connections open, caches fill. Raises BenchFailed."""
    events = max(flow.traffic.senders, flow.traffic.sites, round(flow.bodies_per_s * WARM_UP_S))
    short = replace(flow, traffic=replace(flow.traffic, events=events, series="W"))
    measure_paced(relay, receiver, [short])


def measure_paced(relay: RelayProcess, receiver: Receiver, flows: Sequence[Flow]) -> Latency:
    """Send all flows at once; measure the first, whose events come to `receiver`, one event in each body.

    Raises BenchFailed unless every event of the first flow arrived exactly once and in order.
    """
    measured = flows[0].traffic
    receiver.expect(measured.events)
    meter = Meter({**relay.processes, **receiver.processes})
    paced = send_punctually(relay.port, flows)
    completion = receiver.completion(timeout_s=DELIVERY_TIMEOUT_S)
    if completion is None:
        refuse_problems(expected(measured), receiver.arrivals())
        raise BenchFailed(f"the last event came later than {DELIVERY_TIMEOUT_S:.0f} s after it was accepted")
    started_at = min(one.due_at for flow in paced.posted for one in flow)
    shares = meter.shares(
        seconds=completion.at - started_at, senders_s=paced.cpu_s, senders_in_all_s=paced.cpu_in_all_s
    )
    relay.settle([site_name(index) for index in measured.site_indices()])
    arrivals = receiver.arrivals()
    refuse_problems(expected(measured), arrivals)
    return _latency(paced, arrivals, shares)


def _latency(paced: Paced, arrivals: Sequence[Arrival], shares: Shares) -> Latency:
    posted = paced.posted[0]
    answers = percentiles_ms(one.answered_at - one.due_at for one in posted)
    stored = _stored_s(posted, {(each.site, each.sender, each.number): each.at for each in arrivals})
    late = percentiles_ms(one.sent_at - one.due_at for flow in paced.posted for one in flow)
    return Latency(len(posted), *answers, *percentiles_ms(iter(stored)), max(stored) * 1000, late[1], shares)


def _stored_s(posted: Sequence[Posted], stored_at: Mapping[tuple[str, int, int], float]) -> list[float]:
    return [stored_at[site_name(one.site), one.sender, one.first] - one.due_at for one in posted]


def latency_sheet(title: str, rows: Mapping[str, Sequence[Latency]]) -> Sheet:
    """Show how long events took in each row: medians over its rounds."""
    headings = ["200 p50", "200 p99", "stored p50", "stored p99", "p99 least to most", "longest", "harness late p99"]
    return Sheet(title, headings, [_latency_row(row, rounds) for row, rounds in rows.items()])


def _latency_row(title: str, rounds: Sequence[Latency]) -> list[str]:
    p99s = [each.stored_p99_ms for each in rounds]
    figures: Sequence[Callable[[Latency], float]] = (
        lambda each: each.answer_p50_ms,
        lambda each: each.answer_p99_ms,
        lambda each: each.stored_p50_ms,
        lambda each: each.stored_p99_ms,
    )
    return [
        title,
        *(f"{median(rounds, figure):.1f}" for figure in figures),
        f"{min(p99s):.1f} to {max(p99s):.1f}",
        f"{max(each.stored_max_ms for each in rounds):.0f}",
        f"{median(rounds, lambda each: each.late_p99_ms):.1f}",
    ]
