"""`python -m tests.support.dying_worker PHASE`: a `relay worker` that is killed by itself at a certain point."""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from relay.__main__ import main
from relay.adapters import rq_probes
from relay.adapters.push import HttpPush
from relay.adapters.redis_drain import RedisDrain
from relay.adapters.rq_worker import ProbeScheduler, ProbeWorker

Method = Callable[..., Awaitable[Any]]


def die(*_: object, **__: object) -> None:
    """End as a process does that is killed: nothing is finished, nothing said."""
    os.kill(os.getpid(), signal.SIGKILL)


def then_die(method: Method, *, when: Callable[[Any], bool] = bool) -> Method:
    """Do what `method` does, and die when its result is such."""

    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = await method(*args, **kwargs)
        if when(result):
            die()
        return result

    return wrapped


def when_it_settles(method: Method) -> Method:
    """Do what `method` does, and die once it has handed something in."""

    async def wrapped(*args: Any, done: object = None, **kwargs: Any) -> Any:
        result = await method(*args, done=done, **kwargs)
        if done is not None:
            die()
        return result

    return wrapped


PHASES: dict[str, Callable[[], None]] = {
    "as the schedule's keeper": lambda: setattr(ProbeScheduler, "enqueue_scheduled_jobs", die),
    "with the job off the queue": lambda: setattr(ProbeWorker, "execute_job", die),
    "in the job": lambda: setattr(rq_probes, "probe", die),
    "with the lease": lambda: setattr(RedisDrain, "claim", then_die(RedisDrain.claim)),
    "with the site's answer": lambda: setattr(HttpPush, "deliver", then_die(HttpPush.deliver)),
    "with a batch settled": lambda: setattr(RedisDrain, "next_batch", when_it_settles(RedisDrain.next_batch)),
    "with the site parked": lambda: setattr(RedisDrain, "park", then_die(RedisDrain.park)),
}
"""Where it may die, in the order in which a probe gets there."""

if __name__ == "__main__":
    PHASES[sys.argv.pop(1)]()
    sys.argv += ["worker", "--allow-volatile"]
    main()
