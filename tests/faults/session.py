"""A run of many histories, one after the other: which seeds, where their folders are, and how far it is."""

import asyncio
import json
import shutil
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.faults.draw import plan_of
from tests.faults.plan import Plan
from tests.faults.report import Finding, broken_off, finding_of
from tests.faults.run import history
from tests.faults.run.service import ROOT
from tests.faults.size import Size

FOLDER = ROOT / "build" / "faults"
"""Where reports go, and the folders of histories that went wrong: logs, databases, Redis' file."""


@dataclass(frozen=True)
class Extent:
    """How many histories are run: `histories` of them, or as many as begin within `minutes`."""

    first_seed: int
    histories: int | None = None
    minutes: float | None = None

    def share(self, done: int, since: float) -> float:
        """Return which part of the run is over after so many histories."""
        if self.histories is not None:
            return done / self.histories
        return min(1.0, (time.monotonic() - since) / (60 * self.minutes)) if self.minutes else 1.0

    def seeds(self) -> Iterator[int]:
        """Yield the seeds, each when its history is about to begin."""
        began, seed = time.monotonic(), self.first_seed
        while True:
            done = seed - self.first_seed
            if done and self.share(done, began) >= 1.0:
                return
            yield seed
            seed += 1


class Bar:
    """The progress bar; `with` shows it on stderr, where it is a terminal."""

    def __init__(self, extent: Extent) -> None:
        self._extent = extent
        self._began = time.monotonic()
        self._done = 0
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True)
        )
        self._task = self._progress.add_task("", total=1.0)

    def __enter__(self) -> Self:
        """Show it."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it as it is."""
        self._progress.stop()

    def tell(self, plan: Plan, progress: history.Progress) -> None:
        """Show what the present history is doing."""
        share = self._extent.share(self._done, self._began)
        if self._extent.histories:
            share += progress.done / self._extent.histories
        self._progress.update(self._task, completed=share, description=f"seed {plan.seed}: {progress.doing:<28}")

    def over(self) -> None:
        """Count a history as done."""
        self._done += 1


def run_all(extent: Extent, size: Size, *, mutant: str, keep: bool) -> list[Finding]:
    """Run the histories and return what they came to; those that went wrong leave their folder in FOLDER."""
    with Bar(extent) as bar:
        return [_run_one(plan_of(seed, size), bar, mutant=mutant, keep=keep) for seed in extent.seeds()]


def _run_one(plan: Plan, bar: Bar, *, mutant: str, keep: bool) -> Finding:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as name:  # a short name: a socket's path has little room
        folder = Path(name)
        try:
            running = history.run_history(plan, folder, mutant=mutant, tell=lambda each: bar.tell(plan, each))
            ledger = asyncio.run(running)
            finding = finding_of(plan, ledger, seconds=time.monotonic() - began, mutant=mutant)
            (folder / "ledger.json").write_bytes(msgspec.json.encode(ledger))
        except Exception as error:  # noqa: BLE001  the other histories are still worth running; this one is kept
            finding = broken_off(plan, error, seconds=time.monotonic() - began)
            (folder / "traceback.txt").write_text("".join(traceback.format_exception(error)), "utf-8")
        if keep or finding.violations:
            _keep(plan, folder)
    bar.over()
    return finding


def _keep(plan: Plan, folder: Path) -> None:
    """Keep what is left of a history for whoever has to find out why."""
    kept = FOLDER / f"{plan.size}-{plan.seed}"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("*.sock"))
    (kept / "plan.json").write_text(json.dumps(plan.as_json(), indent=1) + "\n")
