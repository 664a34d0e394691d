"""Where a benchmark ran: without this, a figure means nothing."""

import os
import platform
import statistics
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import psutil

from relay.adapters.embedded_redis import find_redis_server

LIBRARIES = ("aiohttp", "hiredis", "msgspec", "redis", "requests", "rq", "uvloop")
_FLUSHES = 50


def describe_machine(folder: Path) -> dict[str, object]:
    """Describe the machine; `folder` is where Redis' files are written."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "file_system": _file_system(folder),
        "flush_ms": round(flush_ms(folder), 3),
        "load_average_before": [round(load, 2) for load in psutil.getloadavg()],
    }


def describe_versions() -> dict[str, str]:
    """Name the versions of what takes part."""
    server = subprocess.run([str(find_redis_server()), "--version"], capture_output=True, text=True, check=True)
    words = dict(word.split("=", 1) for word in server.stdout.split() if "=" in word)
    return {
        "python": platform.python_version(),
        "redis-server": words["v"],
        **{library: version(library) for library in LIBRARIES},
    }


def flush_ms(folder: Path) -> float:
    """Return how long a small write takes to reach the disk here (median): what `appendfsync always` pays each time."""
    took = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(_FLUSHES):
            started = time.perf_counter()
            file.write(b"x" * 512)
            os.fsync(file.fileno())
            took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _file_system(folder: Path) -> str:
    path = folder.resolve()
    holders = [each for each in psutil.disk_partitions(all=True) if path.is_relative_to(each.mountpoint)]
    return max(holders, key=lambda each: len(each.mountpoint)).fstype if holders else ""
