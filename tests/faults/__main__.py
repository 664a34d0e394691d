"""`python -m tests.faults`: runs random histories of traffic and faults, prints what came of it, writes a report."""

import json
import random
import signal
import time
from typing import Annotated, Any

import typer

from shared.clock import iso_ms
from shared.console import print_json, run_app, say
from shared.errors import UserError
from tests.bench.machine import describe_machine
from tests.faults.draw import plan_of
from tests.faults.mutants import ENGINES
from tests.faults.report import as_json, print_report
from tests.faults.run.world import COMMITS_LATE
from tests.faults.session import FOLDER, Extent, run_all
from tests.faults.size import FULL, SIZES, Size

REPORT = "report.json"
DEFAULT_MINUTES = 8.0
BIGGEST_SEED = 1_000_000

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the first history; without it a random one.")] = None,
    histories: Annotated[int | None, typer.Option(min=1, help="How many, with seeds that count up.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0, help="Begin histories for so long.  [default: 8]")] = None,
    size: Annotated[str, typer.Option(help="full, short, or alone: a single fault.")] = FULL.name,
    mutant: Annotated[str, typer.Option(help="Break the engine in this way, to see it caught; '?' lists them.")] = "",
    *,
    show: Annotated[bool, typer.Option("--show", help="Print the plan of one history as JSON; run nothing.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep each history's folder, not only of those gone wrong.")
    ] = False,
    as_document: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Hurt a running relay in every way we know, and check that nothing is lost, doubled or overtaken.

    \b
    python -m tests.faults                            about eight minutes of histories with new seeds
    python -m tests.faults --seed 7                   the history of seed 7, again
    python -m tests.faults --seed 7 --histories 20    seeds 7 to 26
    python -m tests.faults --size alone --seed 0 --histories 28
                                                      every kind of fault once, by itself

    Exit code 1 when anything was wrong; then the folder of that history stays in build/faults.
    """  # noqa: D301  the \b keeps the examples on lines of their own
    chosen = SIZES.get(size)
    if chosen is None:
        raise UserError(f"there is no size {size}: {', '.join(SIZES)}")
    _check_mutant(mutant)
    extent = _extent(seed, histories, minutes)
    if show:
        print_json(plan_of(extent.first_seed, chosen).as_json())
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that SIGTERM, too, stops our processes in order
    document = _report(extent, chosen, mutant=mutant, keep=keep)
    if as_document:
        print_json(document)
    else:
        print_report(document)
    raise typer.Exit(1 if any(document["violations"].values()) else 0)


def _extent(seed: int | None, histories: int | None, minutes: float | None) -> Extent:
    """Choose what nobody named: a seed alone is one history, no seed a run of new ones."""
    first = random.randrange(BIGGEST_SEED) if seed is None else seed  # noqa: S311  any will do
    if minutes is None and histories is None:
        return Extent(first, minutes=DEFAULT_MINUTES) if seed is None else Extent(first, histories=1)
    return Extent(first, histories, minutes)


def _report(extent: Extent, size: Size, *, mutant: str, keep: bool) -> dict[str, Any]:
    """Run the histories and write the report."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    machine, measured_at = describe_machine(FOLDER), iso_ms(round(time.time() * 1000))
    findings = run_all(extent, size, mutant=mutant, keep=keep)
    document = as_json(findings, measured_at=measured_at, machine=machine)
    (FOLDER / REPORT).write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    return document


def _check_mutant(name: str) -> None:
    known = [*ENGINES, COMMITS_LATE]
    if name == "?":
        for each in known:
            say(each)
        raise typer.Exit
    if name and name not in known:
        raise UserError(f"there is no mutant '{name}': {'; '.join(known)}")


if __name__ == "__main__":
    run_app(app, "faults")
