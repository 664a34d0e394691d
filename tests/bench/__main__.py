"""`python -m tests.bench [--quick] [--rounds N]`: runs the benchmark, prints its tables, writes its JSON."""

import argparse
import json
import signal
import sys
import tempfile
import time
from pathlib import Path

from shared.clock import iso_ms
from shared.errors import UserError
from tests.bench.accept_and_deliver import NAME, run
from tests.bench.children import ROOT
from tests.bench.machine import describe_machine, describe_versions
from tests.bench.report import as_json, print_tables

FOLDER = ROOT / "build" / "bench"
ROUNDS, QUICK_ROUNDS = 5, 1


def main() -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the events, one round: whether it works at all"
    )
    parser.add_argument(
        "--rounds",
        type=int,
        choices=range(1, 21),
        metavar="N",
        help=f"how often each row is measured (default {ROUNDS})",
    )
    given = parser.parse_args()
    rounds = given.rounds or (QUICK_ROUNDS if given.quick else ROUNDS)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that SIGTERM, too, stops our processes in order
    try:
        document = measure_all(rounds=rounds, quick=given.quick)
    except UserError as error:
        sys.stderr.write(f"bench: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("bench: stopped\n")
        return 130
    path = FOLDER / f"{NAME}.json"
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    print_tables(document)
    sys.stdout.write(
        f"Everything in detail: {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}\n"
    )
    return 0


def measure_all(*, rounds: int, quick: bool) -> dict[str, object]:
    """Run the benchmark. Raises BenchFailed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    machine, versions = describe_machine(FOLDER), describe_versions()
    measured_at = iso_ms(round(time.time() * 1000))
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix="data-") as data:  # on a real disk, which /tmp may not be
        results = run(rounds=rounds, quick=quick, folder=Path(data), tell=_tell)
    return as_json(results, measured_at=measured_at, quick=quick, machine=machine, versions=versions)


def _tell(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


if __name__ == "__main__":
    sys.exit(main())
