"""How many events a second the usual task queues bring to the site, a job for each event, beside one relay process."""

from collections.abc import Mapping
from pathlib import Path

from tests.bench.figures import median_ratio
from tests.bench.outcome import Outcome
from tests.bench.plan import Bench, Plan
from tests.bench.rivals.environments import RivalMissing, python_for
from tests.bench.rivals.starter import OTHERS, RQ, Rival, starter
from tests.bench.rows import Row, as_figures, measure_rows, speed, speed_sheet
from tests.bench.systems import relay_always
from tests.bench.traffic import Traffic
from tests.bench.usage import noisy_rows, usage_sheet

RELAY = "relay_always"
JOBS = Traffic(400)


def run(plan: Plan) -> Outcome:
    """Measure the relay and every rival that can be installed, all with `appendfsync always`."""
    pythons, missing = _install(plan)
    rivals = [(RQ, None), *((rival, pythons[rival.name]) for rival in OTHERS if rival.name in pythons)]
    rows = [
        Row(RELAY, "relay", relay_always, Traffic(15_000)),
        *(Row(each.name, each.title, starter(each, appendfsync="always", python=home), JOBS) for each, home in rivals),
    ]
    rounds = measure_rows(rows, plan)
    ratios = {
        "relay is times": {
            row.key: median_ratio(rounds[RELAY], rounds[row.key], speed) for row in rows if row.key != RELAY
        }
    }
    shares = {row.title: [each.shares for each in rounds[row.key]] for row in rows}
    return Outcome(
        [speed_sheet("Beside task queues, always (medians)", rows, rounds, ratios), usage_sheet(shares)],
        [],
        {"rows": as_figures(rows, rounds, ratios)},
        noisy=noisy_rows(shares),
        not_measured=missing,
    )


def _install(plan: Plan) -> tuple[Mapping[str, Path], Mapping[str, str]]:
    """Return the Pythons of those rivals that are there, and why the others are not."""
    pythons: dict[str, Path] = {}
    missing: dict[str, str] = {}
    for rival in OTHERS:
        try:
            pythons[rival.name] = _python_for(rival, plan)
        except RivalMissing as error:
            missing[rival.title] = str(error)
            plan.tell(f"{rival.title} cannot be measured: {error}")
    return pythons, missing


def _python_for(rival: Rival, plan: Plan) -> Path:
    plan.tell(f"installing {rival.title} where it is not yet")
    return python_for(rival.name, plan.keep / "rivals")


BENCH = Bench("rivals", "the same beside RQ, arq, Celery, dramatiq and taskiq, a job for each event", 3, run)
