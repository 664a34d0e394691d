"""The retry lane's RQ worker: takes due probes off the queue, and moves them there when their time comes.

RQ's scheduler is run in a thread rather than in its usual forked process (a fork of a process with threads is unsafe),
and keeps its lock with one command in some seconds rather than several each second.

RQ by itself waits long where Redis is in trouble: seven minutes for the answer of a server that hangs, up to a minute
before it connects again. Here it is seconds, so that probes run again as soon as Redis does.
"""

import math
import threading
import time
from collections.abc import Callable
from contextlib import closing
from types import FrameType

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer

from relay.adapters.redis_clients import ANSWER_TIMEOUT_S
from relay.adapters.rq_probes import QUEUE, install_waker, probe_queue
from relay.adapters.stop_event import StopEvent
from shared.logs import get_logger

log = get_logger(__name__)

LOOK_EVERY_S = 1
LOCK_EVERY_LOOKS = 20
"""How often, in looks, the scheduler's lock is taken or kept; RQ lets it live for about a minute."""
HEARTBEAT_EVERY_S = 60.0
"""How often a worker that has nothing to do tells RQ that it lives; RQ believes it for some minutes. RQ itself would do
so whenever it asks for a probe: most of what an idle relay sends."""
RESTART_AFTER_S = 1.0
DEQUEUE_WITHIN_S = 5
"""How long Redis is asked to wait for a due probe before it says that there is none."""


class ProbeScheduler(RQScheduler):
    """Moves due probes to the queue."""

    def __init__(self, redis: Redis) -> None:
        super().__init__([QUEUE], connection=redis, interval=LOOK_EVERY_S, serializer=JSONSerializer)
        self._redis = redis

    @property
    def connection(self) -> Redis:
        """Return the client it was given; RQ would make another, as after a fork, that cannot ask Sentinel."""
        return self._redis

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; outlives every trouble of Redis."""
        looks = 0
        while not stop.wait(self.interval):
            try:
                self._look(keep_lock=looks % LOCK_EVERY_LOOKS == 0)
                looks += 1
            except (RedisError, OSError) as error:
                looks = 0
                log.warning("scheduler_waits_for_redis", reason=str(error))
        try:
            self.stop()
        except (RedisError, OSError) as error:
            log.warning("scheduler_lock_left_behind", reason=str(error))

    def _look(self, *, keep_lock: bool) -> None:
        if keep_lock:
            self.acquire_locks()
            self.register_birth()
        if self.acquired_locks:
            self.enqueue_scheduled_jobs()


class ProbeWorker(SimpleWorker):
    """Runs probes in this process, and tells `stop` when a signal asks for the end."""

    exponential_backoff_factor = 1.0
    """RQ tries to connect again after 1 s, and after that for as long as this factor says: always 1 s."""
    dequeue_timeout = DEQUEUE_WITHIN_S
    connection_timeout = DEQUEUE_WITHIN_S + math.ceil(ANSWER_TIMEOUT_S)

    def __init__(self, redis: Redis, stop: StopEvent) -> None:
        super().__init__([probe_queue(redis)], connection=redis, serializer=JSONSerializer)
        self._stop = stop
        self._working = False
        self._beaten_at = -math.inf

    def serve(self) -> None:
        """Work until a signal, or until RQ gives up on what it did not expect."""
        self._working = True
        try:
            self.work(logging_level="WARNING")
        except (RedisError, OSError, ValueError) as error:
            log.warning("probe_worker_failed", reason=str(error))
        finally:
            self._working = False

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """See RQ's; left out when it is asked for in passing and the last one was not long ago."""
        in_passing = timeout is None and pipeline is None
        if in_passing and time.monotonic() - self._beaten_at < HEARTBEAT_EVERY_S:
            return
        self._beaten_at = time.monotonic()
        super().heartbeat(timeout, pipeline)

    def subscribe(self) -> None:
        """Take no commands over pub/sub: nobody sends any, and a subscription would outlive a worker that gives up."""

    def _install_signal_handlers(self) -> None:
        """Install them, and see to it that a signal that came just before is not forgotten."""
        super()._install_signal_handlers()
        self._stop_requested = self._stop.is_set()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Handle SIGTERM and SIGINT; RQ's own handling would raise in whatever runs after `work`."""
        self._stop.ask()
        if self._working:
            super().request_stop(signum, frame)


def run_probe_worker(connect: Callable[[], Redis], *, wake: Callable[[str], object], stop: StopEvent) -> None:
    """Serve probes until SIGTERM or SIGINT. Must run in the main thread, where RQ handles the signals.

    Until RQ does, they are the caller's, who asks `stop`.
    RQ's worker quits on what it does not expect; as long as nobody asked for the end, another takes its place.
    """
    install_waker(wake)
    with closing(connect()) as redis:
        scheduler = threading.Thread(target=ProbeScheduler(redis).run, args=[stop], name="probe scheduler")
        scheduler.start()
        try:
            while not stop.is_set():
                _serve_once(connect, stop)
                stop.wait(RESTART_AFTER_S)
        finally:
            stop.set()
            scheduler.join()
            install_waker(None)


def _serve_once(connect: Callable[[], Redis], stop: StopEvent) -> None:
    try:
        with closing(connect()) as redis:
            ProbeWorker(redis, stop).serve()
    except (RedisError, OSError) as error:
        log.warning("probe_worker_waits_for_redis", reason=str(error))
