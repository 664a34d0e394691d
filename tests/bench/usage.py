"""How much processor time each process used, so that a reader sees who was the bottleneck, and how noisy it was."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

from tests.bench.figures import median
from tests.bench.outcome import Sheet

HARNESS = ("senders", "site", "watcher", "conductor")
"""What is ours and not measured: must not be the bottleneck."""
PROCESSES = ("web", "relay", "redis", "worker", "onsite", *HARNESS)
NOISY_SHARE = 0.15
"""Share of a processor taken by others, or by the machine below, above which the reader is warned."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Who took how much of the machine; 1 is one processor all the time."""

    processors: Mapping[str, float]
    others: float
    """What was none of ours: noise."""
    stolen: float
    """What the machine below us gave to others: noise. 0 where the system does not tell."""

    @property
    def measured(self) -> float:
        """What all but the harness took."""
        return sum(share for name, share in self.processors.items() if name not in HARNESS)


class Meter:
    """Reads how much our processes and the whole machine use from now on."""

    def __init__(self, processes: Mapping[str, psutil.Process]) -> None:
        self._processes = {**processes, "conductor": psutil.Process()}
        self._before = _read(self._processes)

    def shares(self, *, seconds: float, senders_s: float, senders_in_all_s: float) -> Shares:
        """Return the shares of `seconds`; senders have ended by now, and so tell themselves what they used.

        `senders_s` is what they used while they sent, `senders_in_all_s` with all preparations.
        """
        before, after = self._before, _read(self._processes)
        used = {name: after.processes[name] - before.processes[name] for name in self._processes}
        others = after.busy - before.busy - sum(used.values()) - senders_in_all_s
        used["senders"] = senders_s
        return Shares(
            {name: used_s / seconds for name, used_s in used.items()},
            others=max(0.0, others) / (after.at - before.at),
            stolen=(after.stolen - before.stolen) / (after.at - before.at),
        )


@dataclass(frozen=True, slots=True)
class _Reading:
    """Processor time so far, in seconds."""

    at: float
    processes: Mapping[str, float]
    busy: float
    """All processors together, whoever used them."""
    stolen: float


def _read(processes: Mapping[str, psutil.Process]) -> _Reading:
    machine = psutil.cpu_times()
    stolen = getattr(machine, "steal", 0.0)
    idle = machine.idle + getattr(machine, "iowait", 0.0)
    in_user_already = getattr(machine, "guest", 0.0) + getattr(machine, "guest_nice", 0.0)
    busy = sum(machine) - in_user_already - idle - stolen
    return _Reading(time.monotonic(), {name: cpu_s(process) for name, process in processes.items()}, busy, stolen)


def cpu_s(process: psutil.Process) -> float:
    """Return the processor time that a process has used, in seconds."""
    used = process.cpu_times()
    return float(used.user + used.system)


def usage_sheet(rows: Mapping[str, Sequence[Shares]]) -> Sheet:
    """Say who was busy in each row: medians over its rounds."""
    present = {name for rounds in rows.values() for each in rounds for name in each.processors}
    names = [name for name in PROCESSES if name in present]
    return Sheet(
        "Who was busy (100 % = one processor all the time)",
        [*names, "ours in all", "others", "stolen"],
        [_usage_row(title, rounds, names) for title, rounds in rows.items()],
    )


def noisy_rows(rows: Mapping[str, Sequence[Shares]]) -> list[str]:
    """Name the rows during which others, or the machine below, took much of this one."""
    return [title for title, rounds in rows.items() if median(rounds, _not_ours) > NOISY_SHARE]


def _not_ours(shares: Shares) -> float:
    return shares.others + shares.stolen


def _usage_row(title: str, rounds: Sequence[Shares], names: Sequence[str]) -> list[str]:
    used = [
        f"{median(rounds, lambda each: each.processors[name]):.0%}" if name in rounds[0].processors else ""  # noqa: B023  used at once
        for name in names
    ]
    in_all = median(rounds, lambda each: sum(each.processors.values()))
    others, stolen = median(rounds, lambda each: each.others), median(rounds, lambda each: each.stolen)
    return [title, *used, f"{in_all:.0%}", f"{others:.0%}", f"{stolen:.0%}"]
