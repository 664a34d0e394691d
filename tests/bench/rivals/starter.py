"""Starts a rival's two processes and a Redis for them, as a `System` like the relay's."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from redis import Redis

from tests.bench.children import free_port, running, wait_until_ready
from tests.bench.redis_process import run_redis
from tests.bench.systems import Sites, System, SystemStarter


@dataclass(frozen=True, slots=True)
class Rival:
    """A task queue."""

    name: str
    """Of its module (`on_…`) and of its requirements."""
    title: str
    in_hand: Callable[[Redis], Any]
    """How many jobs it still has, waiting or running."""


RQ = Rival("rq", "RQ", lambda redis: redis.llen("rq:queue:events") + redis.zcard("rq:wip:events"))

OTHERS = (
    Rival("arq", "arq", lambda redis: redis.zcard("arq:queue")),
    Rival("celery", "Celery", lambda redis: redis.llen("celery") + redis.hlen("unacked")),
    Rival("dramatiq", "dramatiq", lambda redis: redis.hlen("dramatiq:default.msgs")),
    Rival("taskiq", "taskiq", lambda redis: redis.xpending("taskiq", "taskiq")["pending"]),
)
"""All that need an environment of their own."""


def starter(rival: Rival, *, appendfsync: str, python: Path | None = None) -> SystemStarter:
    """Return what starts it; `python` is its environment's, ours where there is none."""
    return partial(_start, rival, appendfsync, str(python or sys.executable))


@contextmanager
def _start(rival: Rival, appendfsync: str, python: str, folder: Path, sites: Sites) -> Iterator[System]:
    port, (site_url,) = free_port(), sites.values()
    command = [python, "-m", f"tests.bench.rivals.on_{rival.name}"]
    with ExitStack() as stack:
        redis = stack.enter_context(run_redis(folder, appendfsync=appendfsync))
        client = stack.enter_context(redis.client())
        web = stack.enter_context(running("web", [*command, "web", str(port), redis.url, site_url], folder=folder))
        worker = stack.enter_context(running("worker", [*command, "worker", redis.url], folder=folder))
        wait_until_ready(web, port)
        processes = {"web": psutil.Process(web.pid), "worker": psutil.Process(worker.pid), "redis": redis.process}
        yield System(port, processes, settled=lambda: not rival.in_hand(client), numbers_events=False)
