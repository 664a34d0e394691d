"""`python -m tests.bench [NAME …] [--quick] [--rounds N] [--json]`: measures, prints tables and goals, writes JSON.

Exit code 0 when all that was chosen was measured, whether or not a goal was met; 1 when a benchmark failed, which means
that something was lost, doubled, overtaken or broken; 2 for a wrong command line.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from shared.clock import iso_ms
from shared.errors import UserError
from tests.bench.catalogue import BENCHES
from tests.bench.children import ROOT
from tests.bench.machine import describe_machine, describe_versions
from tests.bench.outcome import Outcome
from tests.bench.plan import Bench, Plan
from tests.bench.report import Report, print_report

FOLDER = ROOT / "build" / "bench"
LONGEST_NAME = max(map(len, BENCHES))


def main() -> int:
    """Run the command line; returns the exit code."""
    given = _parser().parse_args()
    chosen = [BENCHES[name] for name in given.names] or list(BENCHES.values())
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that SIGTERM, too, stops our processes in order
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        report = measure_all(chosen, rounds=given.rounds, quick=given.quick)
    except KeyboardInterrupt:
        sys.stderr.write("bench: stopped\n")
        return 130
    for name, document in report.documents().items():
        (FOLDER / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    if given.json:
        sys.stdout.write(json.dumps(report.as_json(), indent=2) + "\n")
    else:
        print_report(report)
        _tell(f"Everything in detail: {_short(FOLDER)}/*.json")
    return 1 if report.failures else 0


def measure_all(chosen: Sequence[Bench], *, rounds: int | None, quick: bool) -> Report:
    """Run the benchmarks one after the other; one that fails does not keep the others from running."""
    outcomes: dict[str, Outcome] = {}
    failures: dict[str, str] = {}
    report = Report(
        outcomes,
        failures,
        measured_at=iso_ms(round(time.time() * 1000)),
        quick=quick,
        machine=describe_machine(FOLDER),
        versions=describe_versions(),
    )
    for bench in chosen:
        _tell(f"{bench.name}: {bench.question}")
        with tempfile.TemporaryDirectory(dir=FOLDER, prefix="data-") as data:
            plan = Plan(rounds or (1 if quick else bench.rounds), quick, Path(data), FOLDER, _tell)
            try:
                outcomes[bench.name] = bench.run(plan)
            except UserError as error:
                failures[bench.name] = str(error)
                _tell(f"{bench.name} FAILED: {error}")
    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measure the product, each figure beside its rival in the same run.",
        epilog="\n".join(
            ["benchmarks:", *(f"  {bench.name:<{LONGEST_NAME}}  {bench.question}" for bench in BENCHES.values())]
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", type=_name, help="which of the benchmarks; all by default")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of everything, one round: whether it works at all"
    )
    parser.add_argument(
        "--rounds",
        type=int,
        choices=range(1, 21),
        metavar="N",
        help="how often each row is measured; by default each benchmark knows itself",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document rather than tables")
    return parser


def _name(given: str) -> str:
    if given not in BENCHES:
        raise argparse.ArgumentTypeError(f"{given!r} is none of {', '.join(BENCHES)}")
    return given


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _tell(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


if __name__ == "__main__":
    sys.exit(main())
