"""How many events a second one relay process accepts and delivers, beside a handler that does nothing, and RQ."""

from tests.bench.figures import median, median_ratio
from tests.bench.outcome import Bound, Goal, Outcome, Sense, at_least
from tests.bench.plan import Bench, Plan
from tests.bench.rivals.starter import RQ, starter
from tests.bench.rows import Rounds, Row, as_figures, measure_rows, speed, speed_sheet
from tests.bench.systems import bare, relay_always, relay_everysec
from tests.bench.traffic import Traffic
from tests.bench.usage import noisy_rows, usage_sheet

BARE, ALWAYS, FIFTY = "bare", "relay_always", "relay_50_per_body"

ROWS = (
    Row(BARE, "aiohttp handler that does nothing", bare, Traffic(24_000)),
    Row(ALWAYS, "relay, appendfsync always", relay_always, Traffic(15_000), "rq_always"),
    Row("relay_everysec", "relay, appendfsync everysec", relay_everysec, Traffic(15_000), "rq_everysec"),
    Row("relay_20_sites", "relay, always, 20 sites in turn", relay_always, Traffic(8_000, sites=20)),
    Row(FIFTY, "relay, always, 50 events in a body", relay_always, Traffic(80_000, events_per_body=50)),
    Row("rq_always", "RQ, a job for each event, always", starter(RQ, appendfsync="always"), Traffic(320)),
    Row("rq_everysec", "RQ, a job for each event, everysec", starter(RQ, appendfsync="everysec"), Traffic(320)),
)


def run(plan: Plan) -> Outcome:
    """Measure every row in every round."""
    rounds = measure_rows(ROWS, plan)
    ratios = {
        "of bare": {row.key: median_ratio(rounds[row.key], rounds[BARE], speed) for row in ROWS},
        "times RQ": {row.key: median_ratio(rounds[row.key], rounds[row.rival], speed) for row in ROWS if row.rival},
    }
    shares = {row.title: [each.shares for each in rounds[row.key]] for row in ROWS}
    return Outcome(
        [speed_sheet("Events accepted and delivered (medians)", ROWS, rounds, ratios), usage_sheet(shares)],
        [
            at_least("relay, always: of a bare handler", ratios["of bare"][ALWAYS], 0.5, "{:.2f}"),
            at_least("relay, always: times RQ with a job per event", ratios["times RQ"][ALWAYS], 40, "{:.1f}"),
            _many_in_a_body(rounds),
        ],
        {"rows": as_figures(ROWS, rounds, ratios)},
        noisy=noisy_rows(shares),
    )


def _many_in_a_body(rounds: Rounds) -> Goal:
    fifty, one = rounds[FIFTY], rounds[ALWAYS]
    return Goal(
        "relay, always, 50 events in a body",
        [
            Bound(median(fifty, speed), Sense.AT_LEAST, 20_000, "{:,.0f} events/s"),
            Bound(median_ratio(fifty, one, speed), Sense.AT_LEAST, 4, "{:.1f} times one in a body"),
        ],
    )


BENCH = Bench("accept", "how many events a second are accepted and delivered", 3, run)
