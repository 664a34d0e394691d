"""Groups of sites beside those that are measured: healthy, hanging, or refusing; and whether they really were that.

Those that go down are up at first, as sites are before an outage: what it costs to meet a site for the first time is
not what an outage costs.
"""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from tests.bench.checker import refuse_problems
from tests.bench.children import START_TIMEOUT_S, python, running, wait_until
from tests.bench.errors import BenchFailed
from tests.bench.light_site import run_light_sites, site_address, site_url
from tests.bench.paced import warm_up
from tests.bench.relay_process import RelayProcess
from tests.bench.schedule import Flow
from tests.bench.traffic import expected, site_name

Check = Callable[[], int]
"""Called after the measurement: returns how often the relay tried these sites. Raises BenchFailed unless it did."""


class Group(Protocol):
    """Some sites that behave alike."""

    def __call__(self, relay: RelayProcess, flow: Flow, folder: Path) -> AbstractContextManager[Check]:
        """Register the sites of the flow, let the relay meet them, and behave so meanwhile."""


@contextmanager
def healthy(relay: RelayProcess, flow: Flow, folder: Path) -> Iterator[Check]:
    """Take everything."""
    with run_light_sites(folder, name=f"healthy {flow.traffic.first_site}") as sites:
        _register(relay, flow, sites.port)
        warm_up(relay, sites, flow)
        sites.expect(flow.traffic.events)

        def check() -> int:
            completion = sites.completion(timeout_s=START_TIMEOUT_S)
            refuse_problems(expected(flow.traffic), sites.arrivals())
            return completion.batches if completion else 0

        yield check


@contextmanager
def hanging(relay: RelayProcess, flow: Flow, folder: Path) -> Iterator[Check]:
    """Take every connection and every batch, and never answer."""
    port = _met_and_gone_down(relay, flow, folder)
    with running("hanging", python("tests.bench.processes.hanging", str(port)), folder=folder) as child:
        wait_until(lambda: _takes_connections(port), what="the hanging sites", timeout_s=START_TIMEOUT_S)

        def check() -> int:
            _refuse_unless_kept(relay, flow)
            child.stop()
            attempts: dict[str, int] = json.loads(child.log.read_text("utf-8").splitlines()[-1])
            return _sum_of_all([attempts.get(site_address(index), 0) for index in flow.traffic.site_indices()])

        yield check


@contextmanager
def refusing(relay: RelayProcess, flow: Flow, folder: Path) -> Iterator[Check]:
    """Refuse every connection."""
    port = _met_and_gone_down(relay, flow, folder)
    with socket.socket() as holder:  # bound, so that nobody else comes to listen there
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", port))

        def check() -> int:
            _refuse_unless_kept(relay, flow)
            deliveries = relay.deliveries()
            return _sum_of_all([deliveries[name]["failures"] for name in flow.traffic.site_names()])

        yield check


def _met_and_gone_down(relay: RelayProcess, flow: Flow, folder: Path) -> int:
    """Let the relay meet sites that then go down; returns the port at which they were."""
    with run_light_sites(folder, name=f"going down {flow.traffic.first_site}") as sites:
        _register(relay, flow, sites.port)
        warm_up(relay, sites, flow)
        return sites.port


def _register(relay: RelayProcess, flow: Flow, port: int) -> None:
    for index in flow.traffic.site_indices():
        relay.add_site(site_name(index), site_url(port, index))
        relay.bind(index, site_name(index))


def _refuse_unless_kept(relay: RelayProcess, flow: Flow) -> None:
    """Raise BenchFailed unless every event of these sites still waits for them."""
    deliveries = relay.deliveries()
    waiting = sum(deliveries[name]["waiting"] for name in flow.traffic.site_names())
    if waiting != flow.traffic.events:
        raise BenchFailed(f"of {flow.traffic.events} events for bad sites {waiting} are waiting: the others are lost")


def _sum_of_all(attempts: list[int]) -> int:
    if not all(attempts):
        raise BenchFailed(f"{attempts.count(0)} of {len(attempts)} bad sites were never tried: this measured nothing")
    return sum(attempts)


def _takes_connections(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
