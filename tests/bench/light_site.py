"""The light sites as the conductor sees them: any number of sites in one process that is cheap enough not to matter."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import requests

from tests.bench.checker import Arrival
from tests.bench.children import Child, free_port, python, running, wait_until_ready
from tests.bench.processes.loopback import HAS_MANY
from tests.bench.receivers import Completion
from tests.bench.traffic import read_mid

ANSWER_TIMEOUT_S = 60.0
"""A list of some 100,000 arrivals takes a while."""


class LightSites:
    """Fits `receivers.Receiver`."""

    def __init__(self, child: Child, port: int) -> None:
        self.port = port
        self.processes: Mapping[str, psutil.Process] = {"site": psutil.Process(child.pid)}
        self._url = f"http://127.0.0.1:{port}"
        self._session = requests.Session()
        self._session.trust_env = False

    def expect(self, events: int) -> None:
        """See `receivers.Receiver.expect`."""
        self._session.put(f"{self._url}/bench/expect/{events}", timeout=ANSWER_TIMEOUT_S).raise_for_status()

    def completion(self, *, timeout_s: float) -> Completion | None:
        """See `receivers.Receiver.completion`."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            answer = self._session.get(f"{self._url}/bench/complete", timeout=ANSWER_TIMEOUT_S)
            answer.raise_for_status()
            if answer.status_code == requests.codes.ok:
                found = answer.json()
                return Completion(found["complete_at"], found["batches"])
        return None

    def arrivals(self) -> list[Arrival]:
        """See `receivers.Receiver.arrivals`."""
        answer = self._session.get(f"{self._url}/bench/arrivals", timeout=ANSWER_TIMEOUT_S).json()
        return [Arrival(site, event_id, *read_mid(mid), at) for site, event_id, mid, at in answer]


def site_url(port: int, index: int) -> str:
    """Return an address of the loopback that no other site has: to the relay, each site is another machine."""
    return f"http://{site_address(index)}:{port}"


def site_address(index: int) -> str:
    """Return the site's IP address."""
    if not HAS_MANY:
        return "127.0.0.1"
    block, last = divmod(index, 200)
    return f"127.{1 + block // 200}.{block % 200}.{1 + last}"


@contextmanager
def run_light_sites(
    folder: Path,
    *,
    name: str = "site",
    port: int | None = None,
    more_ports: Sequence[int] = (),
    certificate: Path | None = None,
) -> Iterator[LightSites]:
    """Run the process meanwhile, at every address of the loopback; at `more_ports` by TLS if there is a certificate."""
    port = port or free_port()
    command = python("tests.bench.processes.site", ",".join(map(str, [port, *more_ports])))
    with running(name, [*command, *([str(certificate)] if certificate else [])], folder=folder) as child:
        wait_until_ready(child, port)
        yield LightSites(child, port)
