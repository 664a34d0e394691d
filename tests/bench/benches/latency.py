"""How long an event takes from Meta's webhook to the site's database, at a steady 500 events a second."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from tests.bench.children import free_port
from tests.bench.figures import median
from tests.bench.light_site import run_light_sites, site_url
from tests.bench.outcome import Outcome, at_most
from tests.bench.paced import Latency, latency_sheet, measure_paced, warm_up
from tests.bench.plan import Bench, Plan
from tests.bench.real_site import run_real_site
from tests.bench.receivers import Receiver
from tests.bench.relay_process import RelayProcess, run_relay
from tests.bench.schedule import Flow
from tests.bench.systems import register
from tests.bench.traffic import Traffic, site_name
from tests.bench.usage import noisy_rows, usage_sheet

EVENTS_PER_S = 500
SECONDS = 15
SEED = 1122

REAL, LIGHT = "on-site client, SQLite", "light site"


def run(plan: Plan) -> Outcome:
    """Measure both kinds of site in every round."""
    found: dict[str, list[Latency]] = {REAL: [], LIGHT: []}
    for number in range(1, plan.rounds + 1):
        flow = Flow(Traffic(plan.some(EVENTS_PER_S * SECONDS)), EVENTS_PER_S, SEED + number)
        for title, site in ((REAL, _real), (LIGHT, _light)):
            with tempfile.TemporaryDirectory(dir=plan.folder) as folder, site(Path(folder)) as (relay, receiver):
                warm_up(relay, receiver, flow)
                one = measure_paced(relay, receiver, [flow])
            found[title].append(one)
            plan.tell(
                f"round {number} of {plan.rounds}: {title}: p50 {one.stored_p50_ms:.1f}, p99 {one.stored_p99_ms:.1f} ms"
            )
    return _outcome(found)


@contextmanager
def _real(folder: Path) -> Iterator[tuple[RelayProcess, Receiver]]:
    port, name = free_port(), site_name(0)
    with run_relay(folder) as relay:
        secret = relay.add_site(name, f"http://127.0.0.1:{port}")
        relay.bind(0, name)
        with run_real_site(folder, name=name, secret=secret, port=port) as site:
            yield relay, site


@contextmanager
def _light(folder: Path) -> Iterator[tuple[RelayProcess, Receiver]]:
    with run_light_sites(folder) as sites, run_relay(folder) as relay:
        register(relay, {site_name(0): site_url(sites.port, 0)})
        yield relay, sites


def _outcome(found: Mapping[str, Sequence[Latency]]) -> Outcome:
    shares = {title: [each.shares for each in rounds] for title, rounds in found.items()}
    stored = f"webhook due → committed at the {REAL}"
    return Outcome(
        [
            latency_sheet(f"Latency at {EVENTS_PER_S} events/s, in ms after a webhook was due (medians)", found),
            usage_sheet(shares),
        ],
        [
            at_most(f"{stored}: p50", median(found[REAL], lambda each: each.stored_p50_ms), 5, "{:.1f} ms"),
            at_most(f"{stored}: p99", median(found[REAL], lambda each: each.stored_p99_ms), 25, "{:.1f} ms"),
        ],
        {"rows": {title: [asdict(each) for each in rounds] for title, rounds in found.items()}},
        noisy=noisy_rows(shares),
    )


BENCH = Bench("latency", "how long from the webhook to the site's database", 3, run)
