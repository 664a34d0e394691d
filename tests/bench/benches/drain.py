"""How fast a site that was down gets what waited for it: 200,000 events, put there by real webhooks.

The site is registered at an address where nobody listens, so the relay parks it. It comes up when everything waits, and
announces itself as a site does. The clock runs from the announcement to the last event.
"""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import SecretStr

from tests.bench.checker import refuse_problems
from tests.bench.children import free_port
from tests.bench.errors import BenchFailed
from tests.bench.figures import median
from tests.bench.light_site import run_light_sites
from tests.bench.outcome import Outcome, Sheet, at_least
from tests.bench.plan import Bench, Plan
from tests.bench.real_site import run_real_site
from tests.bench.receivers import Receiver
from tests.bench.relay_process import RelayProcess, run_relay
from tests.bench.senders import send_eagerly
from tests.bench.traffic import Traffic, expected, site_name
from tests.bench.usage import Meter, Shares, noisy_rows, usage_sheet

EVENTS, EVENTS_PER_BODY = 200_000, 200
DRAINED_WITHIN_S = 300.0
SITE = site_name(0)
LIGHT, REAL = "light site", "on-site client, SQLite"

Start = Callable[[Path, int, SecretStr], AbstractContextManager[Receiver]]
"""Called with a folder, the port that is the site's, and its secret."""


@dataclass(frozen=True, slots=True)
class Drained:
    """What came of it."""

    events: int
    seconds: float
    events_per_s: float
    first_after_s: float
    """From the announcement to the first event."""
    events_per_batch: float
    filled_per_s: float
    """How fast webhooks were accepted before, while the site was down."""
    shares: Shares


def run(plan: Plan) -> Outcome:
    """Measure the light site in every round, and the real one once: it is the slower part by far."""
    found: dict[str, list[Drained]] = {LIGHT: [], REAL: []}
    for number in range(1, plan.rounds + 1):
        for title, start in ((LIGHT, _light), (REAL, _real)):
            if title == REAL and number > 1:
                continue
            one = _measure(plan, start)
            found[title].append(one)
            plan.tell(f"round {number} of {plan.rounds}: {title}: {one.events_per_s:,.0f} events/s")
    return _outcome(found)


def _measure(plan: Plan, start: Start) -> Drained:
    traffic = Traffic(plan.some(EVENTS), events_per_body=EVENTS_PER_BODY, varied=True)
    with tempfile.TemporaryDirectory(dir=plan.folder) as data, run_relay(Path(data)) as relay:
        port = free_port()
        secret = relay.add_site(SITE, f"http://127.0.0.1:{port}")
        relay.bind(0, SITE)
        sent = send_eagerly(relay.port, traffic)
        _refuse_unless_waiting(relay, traffic.events)
        with start(Path(data), port, secret) as receiver:
            return _drain(
                relay, receiver, secret, traffic, filled_per_s=traffic.events / (sent.finished_at - sent.started_at)
            )


def _drain(
    relay: RelayProcess, receiver: Receiver, secret: SecretStr, traffic: Traffic, *, filled_per_s: float
) -> Drained:
    receiver.expect(traffic.events)
    meter = Meter({**relay.processes, **receiver.processes})
    announced_at = time.monotonic()
    relay.announce(SITE, secret)
    completion = receiver.completion(timeout_s=DRAINED_WITHIN_S)
    if completion is None:
        refuse_problems(expected(traffic), receiver.arrivals())
        raise BenchFailed(f"the backlog was not drained within {DRAINED_WITHIN_S:.0f} s")
    seconds = completion.at - announced_at
    shares = meter.shares(seconds=seconds, senders_s=0, senders_in_all_s=0)
    relay.settle()
    arrivals = receiver.arrivals()
    refuse_problems(expected(traffic), arrivals)
    return Drained(
        traffic.events,
        seconds,
        traffic.events / seconds,
        first_after_s=arrivals[0].at - announced_at,
        events_per_batch=traffic.events / completion.batches,
        filled_per_s=filled_per_s,
        shares=shares,
    )


def _refuse_unless_waiting(relay: RelayProcess, events: int) -> None:
    waiting = relay.deliveries()[SITE]["waiting"]
    if waiting != events:
        raise BenchFailed(f"of {events} accepted events {waiting} are waiting for the site, which is down")


def _light(folder: Path, port: int, _secret: SecretStr) -> AbstractContextManager[Receiver]:
    return run_light_sites(folder, port=port)


def _real(folder: Path, port: int, secret: SecretStr) -> AbstractContextManager[Receiver]:
    return run_real_site(folder, name=SITE, secret=secret, port=port)


def _outcome(found: Mapping[str, Sequence[Drained]]) -> Outcome:
    shares = {title: [each.shares for each in rounds] for title, rounds in found.items()}
    headings = [
        "events/s",
        "slowest to fastest",
        "seconds",
        "first event after ms",
        "events/batch",
        "filled at events/s",
    ]
    return Outcome(
        [
            Sheet(
                f"A backlog of {found[LIGHT][0].events:,} events drained (medians)",
                headings,
                list(map(_row, found.items())),
            ),
            usage_sheet(shares),
        ],
        [
            at_least(
                "drain of a backlog to one site (light)",
                median(found[LIGHT], lambda each: each.events_per_s),
                10_000,
                "{:,.0f} events/s",
            )
        ],
        {"rows": {title: [asdict(each) for each in rounds] for title, rounds in found.items()}},
        noisy=noisy_rows(shares),
    )


def _row(row: tuple[str, Sequence[Drained]]) -> list[str]:
    title, rounds = row
    speeds = [each.events_per_s for each in rounds]
    return [
        title,
        f"{median(rounds, lambda each: each.events_per_s):,.0f}",
        f"{min(speeds):,.0f} to {max(speeds):,.0f}",
        f"{median(rounds, lambda each: each.seconds):.1f}",
        f"{median(rounds, lambda each: each.first_after_s) * 1000:.0f}",
        f"{median(rounds, lambda each: each.events_per_batch):.0f}",
        f"{median(rounds, lambda each: each.filled_per_s):,.0f}",
    ]


BENCH = Bench("drain", "how fast a site that was down gets what waited for it", 2, run)
