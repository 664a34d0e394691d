"""How much processor time each process used, so that a reader sees who was the bottleneck, and how noisy it was."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Reading:
    """Processor time so far, in seconds."""

    at: float
    """By `time.monotonic`."""
    processes: Mapping[str, float]
    busy: float
    """All processors together, whoever used them."""
    stolen: float
    """What the machine below us gave to others; 0 where the system does not tell."""


def read(processes: Mapping[str, psutil.Process]) -> Reading:
    """Take a reading."""
    machine = psutil.cpu_times()
    stolen = getattr(machine, "steal", 0.0)
    idle = machine.idle + getattr(machine, "iowait", 0.0)
    in_user_already = getattr(machine, "guest", 0.0) + getattr(machine, "guest_nice", 0.0)
    busy = sum(machine) - in_user_already - idle - stolen
    return Reading(time.monotonic(), {name: _cpu_s(process) for name, process in processes.items()}, busy, stolen)


def used_between(before: Reading, after: Reading) -> dict[str, float]:
    """Return the seconds that each process used."""
    return {name: used - before.processes[name] for name, used in after.processes.items()}


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)
