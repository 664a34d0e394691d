"""The retry lane's RQ worker: takes due probes off the queue, and moves them there when their time comes.

RQ's scheduler is run in a thread rather than in its usual forked process (a fork of a process with threads is unsafe),
and keeps its lock with one command in some seconds rather than several each second.
"""

import threading
from collections.abc import Callable
from types import FrameType

from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer

from relay.adapters.rq_probes import QUEUE, install_waker, probe_queue
from shared.logs import get_logger

log = get_logger(__name__)

LOOK_EVERY_S = 1
LOCK_EVERY_LOOKS = 10
"""How often, in looks, the scheduler's lock is taken or kept; RQ lets it live for about a minute."""
RESTART_AFTER_S = 1.0


class ProbeScheduler(RQScheduler):
    """Moves due probes to the queue."""

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

    def __init__(self, redis: Redis, stop: threading.Event) -> None:
        super().__init__([probe_queue(redis)], connection=redis, serializer=JSONSerializer)
        self._stop = stop
        self._working = False

    def serve(self) -> None:
        """Work until a signal, or until RQ gives up on what it did not expect."""
        self._working = True
        try:
            self.work(logging_level="WARNING")
        except (RedisError, OSError, ValueError) as error:
            log.warning("probe_worker_failed", reason=str(error))
        finally:
            self._working = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Handle SIGTERM and SIGINT; RQ's own handling would raise in whatever runs after `work`."""
        self._stop.set()
        if self._working:
            super().request_stop(signum, frame)


def run_probe_worker(connect: Callable[[], Redis], *, wake: Callable[[str], object], stop: threading.Event) -> None:
    """Serve probes until SIGTERM or SIGINT. Must run in the main thread, where RQ handles the signals.

    RQ's worker quits on what it does not expect; as long as nobody asked for the end, another takes its place.
    """
    install_waker(wake)
    scheduler = ProbeScheduler([QUEUE], connection=connect(), interval=LOOK_EVERY_S, serializer=JSONSerializer)
    thread = threading.Thread(target=scheduler.run, args=[stop], name="probe scheduler")
    thread.start()
    try:
        while not stop.is_set():
            try:
                ProbeWorker(connect(), stop).serve()
            except (RedisError, OSError) as error:
                log.warning("probe_worker_waits_for_redis", reason=str(error))
            stop.wait(RESTART_AFTER_S)
    finally:
        stop.set()
        thread.join()
        install_waker(None)
