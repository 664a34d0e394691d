"""What takes the same traffic in the same run, each as its users start it: the relay, and what it is held against."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.children import free_port, python, running, wait_until_ready
from tests.bench.redis_process import RedisProcess, run_redis
from tests.bench.relay_process import RelayProcess, run_relay


@dataclass(frozen=True)
class System:
    """Something that takes webhooks."""

    port: int
    processes: Mapping[str, psutil.Process]
    """By what each does, as in `usage.PROCESSES`."""
    settled: Callable[[], bool]
    """Whether nothing is under way any more."""
    delivers: bool = True
    """Whether events reach the site at all; the bare handler drops them."""
    numbers_events: bool = True
    """Whether an event's id tells its place in the order of acceptance."""


Sites = Mapping[str, str]
"""Name → address; the page of each has its place in the list as index."""

SystemStarter = Callable[[Path, Sites], AbstractContextManager[System]]
"""Called with a folder for its files, and the sites."""


@contextmanager
def bare(folder: Path, _sites: Sites) -> Iterator[System]:
    """Run the handler that does nothing."""
    port = free_port()
    with running("bare", python("tests.bench.processes.bare", str(port)), folder=folder) as child:
        wait_until_ready(child, port)
        yield System(port, {"web": psutil.Process(child.pid)}, settled=lambda: True, delivers=False)


@contextmanager
def relay_always(folder: Path, sites: Sites) -> Iterator[System]:
    """Run `relay run` with its own Redis, which flushes every write before it answers (`appendfsync always`)."""
    with _relay(folder, sites, None) as system:
        yield system


@contextmanager
def relay_everysec(folder: Path, sites: Sites) -> Iterator[System]:
    """Run `relay run` with a Redis that flushes once a second."""
    with run_redis(folder, appendfsync="everysec") as redis, _relay(folder, sites, redis) as system:
        yield system


@contextmanager
def _relay(folder: Path, sites: Sites, redis: RedisProcess | None) -> Iterator[System]:
    with run_relay(folder, redis=redis) as relay:
        register(relay, sites)
        yield System(relay.port, relay.processes, relay.settled)


def register(relay: RelayProcess, sites: Sites) -> None:
    """Register sites and bind a page to each, in order."""
    for index, (name, url) in enumerate(sites.items()):
        relay.add_site(name, url)
        relay.bind(index, name)
