"""The site process as the conductor sees it: told what to expect, asked what came."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from tests.bench.checker import Arrival
from tests.bench.children import Child, free_port, python, running, wait_until_ready
from tests.bench.traffic import read_mid

ANSWER_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Completion:
    """When the last event came."""

    at: float
    """By `time.monotonic`."""
    batches: int


class SiteProcess:
    """All sites of the benchmark."""

    def __init__(self, child: Child, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.process = psutil.Process(child.pid)
        self._session = requests.Session()
        self._session.trust_env = False

    def expect(self, events: int) -> None:
        """Forget what came, and wait for so many different events."""
        self._session.put(f"{self.url}/bench/expect/{events}", timeout=ANSWER_TIMEOUT_S).raise_for_status()

    def completion(self, *, timeout_s: float) -> Completion | None:
        """Wait until they are all there; None when they are not within the time."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            answer = self._session.get(f"{self.url}/bench/complete", timeout=ANSWER_TIMEOUT_S)
            answer.raise_for_status()
            if answer.status_code == requests.codes.ok:
                found = answer.json()
                return Completion(found["complete_at"], found["batches"])
        return None

    def arrivals(self) -> list[Arrival]:
        """Return every event in the order of coming."""
        answer = self._session.get(f"{self.url}/bench/arrivals", timeout=ANSWER_TIMEOUT_S).json()
        return [Arrival(site, event_id, *read_mid(mid)) for site, event_id, mid in answer]


@contextmanager
def run_sites(folder: Path) -> Iterator[SiteProcess]:
    """Run the site process meanwhile."""
    port = free_port()
    with running("site", python("tests.bench.processes.site", str(port)), folder=folder) as child:
        wait_until_ready(child, port)
        yield SiteProcess(child, port)
