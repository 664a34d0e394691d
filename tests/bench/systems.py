"""What is measured, each as its users would start it: the relay, the bare handler, and RQ with a job for each event."""

import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from pydantic import SecretStr
from redis import Redis
from redis.exceptions import RedisError
from rq.registry import StartedJobRegistry

from relay.adapters.embedded_redis import find_redis_server
from shared.api_client import ApiClient
from tests.bench.children import START_TIMEOUT_S, Child, free_port, python, running, wait_until, wait_until_ready
from tests.bench.processes.rq_job import event_queue
from tests.bench.traffic import APP_SECRET, page_id

SETTLE_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class System:
    """Something that takes webhooks."""

    port: int
    processes: Mapping[str, psutil.Process]
    """By what each does: `relay`, `redis`, `worker`, `web`."""
    settled: Callable[[], bool]
    """Whether nothing is under way any more."""
    delivers: bool = True
    """Whether events reach the site at all; the bare handler drops them."""


SystemStarter = Callable[[Path, str, Sequence[str]], Any]
"""Called with a folder, the site's address and the sites' names; a context manager that yields a System."""


@contextmanager
def bare(folder: Path, _site_url: str, _sites: Sequence[str]) -> Iterator[System]:
    """Run the handler that does nothing."""
    port = free_port()
    with running("bare", python("tests.bench.processes.bare", str(port)), folder=folder) as child:
        wait_until_ready(child, port)
        yield System(port, {"web": psutil.Process(child.pid)}, settled=lambda: True, delivers=False)


@contextmanager
def relay_embedded(folder: Path, site_url: str, sites: Sequence[str]) -> Iterator[System]:
    """Run `relay run` with its own Redis, which flushes every write before it answers (`appendfsync always`)."""
    with _relay(folder, site_url, sites, redis_url="") as system:
        yield system


@contextmanager
def relay_everysec(folder: Path, site_url: str, sites: Sequence[str]) -> Iterator[System]:
    """Run `relay run` with a Redis that flushes once a second."""
    with _redis(folder, appendfsync="everysec") as (redis, url), _relay(folder, site_url, sites, url) as system:
        yield System(system.port, {**system.processes, "redis": psutil.Process(redis.pid)}, system.settled)


@contextmanager
def rq(folder: Path, site_url: str, _sites: Sequence[str], *, appendfsync: str) -> Iterator[System]:
    """Run RQ's web process and its one worker."""
    port = free_port()
    with ExitStack() as stack:
        redis, url = stack.enter_context(_redis(folder, appendfsync=appendfsync))
        command = python("tests.bench.processes.rq_web", str(port), url, site_url)
        web = stack.enter_context(running("rq web", command, folder=folder))
        command = python("tests.bench.processes.rq_worker", url)
        worker = stack.enter_context(running("rq worker", command, folder=folder))
        wait_until_ready(web, port)
        queue = event_queue(url)
        started = StartedJobRegistry(queue=queue)
        children = {"web": web, "worker": worker, "redis": redis}
        yield System(
            port,
            {name: psutil.Process(child.pid) for name, child in children.items()},
            settled=lambda: queue.count + started.count == 0,
        )


rq_always = partial(rq, appendfsync="always")
rq_everysec = partial(rq, appendfsync="everysec")


@contextmanager
def _relay(folder: Path, site_url: str, sites: Sequence[str], redis_url: str) -> Iterator[System]:
    port, token = free_port(), secrets.token_urlsafe(32)
    env = {
        "RELAY_FACEBOOK_APP_ID": "1",
        "RELAY_FACEBOOK_APP_SECRET": APP_SECRET,
        "RELAY_FACEBOOK_VERIFY_TOKEN": "bench-verify-token",
        "RELAY_ADMIN_TOKEN": token,
        "RELAY_DATA_DIR": str(folder / "relay"),
        "RELAY_PORT": str(port),
        "RELAY_LOG_LEVEL": "WARNING",
    }
    if redis_url:
        env["RELAY_REDIS_URL"] = redis_url
    with running("relay", python("relay", "run"), folder=folder, env=env) as child:
        wait_until_ready(child, port)
        admin = ApiClient(f"http://127.0.0.1:{port}", SecretStr(token), server="the relay", start_hint="")
        address = {"url": site_url, "allow_networks": ["127.0.0.0/8"], "allow_insecure": True}
        for index, site in enumerate(sites):
            admin.post("/admin/v1/sites", {"name": site} | address)
            admin.put(f"/admin/v1/bindings/{page_id(index)}", {"site": site})
        yield System(port, _relay_processes(child), settled=partial(_is_settled, admin))


def _relay_processes(child: Child) -> dict[str, psutil.Process]:
    main = psutil.Process(child.pid)
    names = {each: "redis" if "redis" in each.name() else "worker" for each in main.children(recursive=True)}
    return {"relay": main, **{name: each for each, name in names.items()}}


def _is_settled(admin: ApiClient) -> bool:
    sites = admin.get("/admin/v1/sites")
    return all(site["delivery"]["waiting"] == 0 and not site["delivery"]["delivering"] for site in sites)


@contextmanager
def _redis(folder: Path, *, appendfsync: str) -> Iterator[tuple[Child, str]]:
    """Run a Redis like the relay's own, but for when it flushes."""
    options = {
        "port": "0",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": appendfsync,
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    with tempfile.TemporaryDirectory(prefix="bench-") as short:  # a socket's name holds some hundred bytes only
        socket = Path(short) / "redis.sock"
        options["unixsocket"] = str(socket)
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        with running("redis", [str(find_redis_server()), *flags], folder=folder) as child:
            url = f"unix://{socket}"
            wait_until(partial(_answers, child, url), what="redis to answer", timeout_s=START_TIMEOUT_S)
            yield child, url


def _answers(child: Child, url: str) -> bool:
    child.check()
    with Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except (RedisError, OSError):
            return False
