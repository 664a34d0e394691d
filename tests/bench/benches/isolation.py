"""What two hundred sites that hang and two hundred that refuse connections cost a hundred healthy ones.

Three rows, all with the same traffic for the healthy sites: these alone; with four hundred more healthy ones that get
traffic as well; and with the four hundred gone down. The measured time begins with the first event for a site that is
down, and so holds the worst of an outage: attempts at everybody, time-outs of everybody, first probes.
"""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from operator import itemgetter
from pathlib import Path

from tests.bench.figures import median, median_ratio
from tests.bench.light_site import run_light_sites, site_url
from tests.bench.neighbours import Group, hanging, healthy, refusing
from tests.bench.outcome import Outcome, Sheet, at_most
from tests.bench.paced import Latency, latency_sheet, measure_paced, warm_up
from tests.bench.plan import Bench, Plan
from tests.bench.relay_process import run_relay
from tests.bench.schedule import Flow
from tests.bench.systems import register
from tests.bench.traffic import Traffic
from tests.bench.usage import noisy_rows, usage_sheet

MEASURED, GROUP = 100, 200
"""How many sites are measured, and how many each group beside them has."""
MEASURED_PER_S, GROUP_PER_S = 200, 50
"""Events a second for all sites of the one and of the other."""
SECONDS = 24
"""Longer than the relay waits for an answer (20 s), so that time-outs and the first probes fall into it."""
SEED = 500

ALONE, WELL, BAD = "100 healthy sites alone", "400 more, healthy", "400 more: 200 hang, 200 refuse"
ROWS: Mapping[str, Sequence[Group]] = {ALONE: (), WELL: (healthy, healthy), BAD: (hanging, refusing)}


def run(plan: Plan) -> Outcome:
    """Measure all rows in every round."""
    found: dict[str, list[Latency]] = {title: [] for title in ROWS}
    attempts: list[Sequence[int]] = []
    for number in range(1, plan.rounds + 1):
        for title, groups in ROWS.items():
            one, tried = _measure(plan, groups, seed=SEED * number)
            found[title].append(one)
            if title == BAD:
                attempts.append(tried)
            plan.tell(f"round {number} of {plan.rounds}: {title}: p99 {one.stored_p99_ms:.1f} ms")
    return _outcome(found, attempts)


def _measure(plan: Plan, groups: Sequence[Group], *, seed: int) -> tuple[Latency, Sequence[int]]:
    """Return how long events of the healthy sites took, and how often each group was tried."""
    measured = Flow(Traffic(plan.some(MEASURED_PER_S * SECONDS), sites=plan.some(MEASURED)), MEASURED_PER_S, seed)
    beside = [_group_flow(plan, index, seed=seed + 1 + index) for index in range(len(groups))]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=plan.folder)))
        sites = stack.enter_context(run_light_sites(folder))
        relay = stack.enter_context(run_relay(folder))
        register(relay, {name: site_url(sites.port, index) for index, name in enumerate(measured.traffic.site_names())})
        warm_up(relay, sites, measured)
        checks = [stack.enter_context(group(relay, flow, folder)) for group, flow in zip(groups, beside, strict=True)]
        found = measure_paced(relay, sites, [measured, *beside])
        return found, [check() for check in checks]


def _group_flow(plan: Plan, index: int, *, seed: int) -> Flow:
    sites, first = plan.some(GROUP), plan.some(MEASURED) + index * plan.some(GROUP)
    return Flow(Traffic(plan.some(GROUP_PER_S * SECONDS), sites=sites, first_site=first), GROUP_PER_S, seed)


def _outcome(found: Mapping[str, Sequence[Latency]], attempts: Sequence[Sequence[int]]) -> Outcome:
    shares = {title: [each.shares for each in rounds] for title, rounds in found.items()}
    ratios = {title: median_ratio(found[BAD], found[title], _p99) for title in (ALONE, WELL)}
    tried = [
        [kind, f"{GROUP}", f"{median(attempts, itemgetter(place)):,.0f}"]
        for place, kind in enumerate(("hang", "refuse"))
    ]
    title = (
        f"{MEASURED} healthy sites, {MEASURED_PER_S} events/s; each group of {GROUP} others {GROUP_PER_S}/s;"
        " ms after a webhook was due (medians)"
    )
    return Outcome(
        [
            latency_sheet(title, found),
            Sheet("Bad sites were really tried (attempts in a round, median)", ["sites", "attempts"], tried),
            usage_sheet(shares),
        ],
        [
            at_most(
                "p99 of healthy sites beside 400 bad ones: times that of the same alone", ratios[ALONE], 1.2, "{:.2f}"
            )
        ],
        {
            "rows": {name: [asdict(each) for each in rounds] for name, rounds in found.items()},
            "attempts": attempts,
            "p99_beside_bad_sites_is_times": ratios,
        },
        noisy=noisy_rows(shares),
    )


def _p99(latency: Latency) -> float:
    return latency.stored_p99_ms


BENCH = Bench("isolation", "what 400 hanging and refusing sites cost 100 healthy ones", 3, run)
