"""The metrics of several processes as one: each counts into files of one folder, and whoever is asked adds them up.

This is the client library's multiprocess mode (https://prometheus.github.io/client_python/multiprocess/). What a
process counted stays counted when it ends; a gauge of a process that ended counts no longer.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable in which the library looks for the folder, once, when it is imported."""


@contextmanager
def shared_counts() -> Iterator[None]:
    """Have this process and all children that it starts meanwhile count together.

    To be entered before `prometheus_client` is imported, or this process counts for itself.
    """
    with TemporaryDirectory(prefix="relay-metrics-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


def forget_process(pid: int) -> None:
    """Take the gauges of a process that ended out of the sum."""
    if folder := os.environ.get(FOLDER):
        # Not above: importing it decides for good whether this process counts with others.
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]  # the library does not type it
