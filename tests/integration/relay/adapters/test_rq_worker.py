"""The RQ worker in this process: due probes wake their sites, troubles are outlived, it ends when it is asked to."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis
from rq.registry import FailedJobRegistry, FinishedJobRegistry, ScheduledJobRegistry
from structlog.testing import capture_logs

from relay.adapters import redis_clients, rq_probes, rq_worker
from relay.adapters.rq_probes import probe_queue
from relay.adapters.rq_worker import ProbeScheduler, ProbeWorker, run_probe_worker
from relay.adapters.stop_event import StopEvent
from tests.support.own_redis import OwnRedis
from tests.support.rq_schedule import schedule
from tests.support.waiting import DEADLINE_S, process_did


@pytest.fixture
def connect(redis_url: str) -> Callable[[], Redis]:
    return lambda: redis_clients.open_sync(redis_url)


@pytest.fixture
def client(connect: Callable[[], Redis]) -> Iterator[Redis]:
    with connect() as client:
        yield client


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look often, and give signals back to the test runner afterwards."""
    monkeypatch.setattr(rq_worker, "LOOK_EVERY_S", 0)
    monkeypatch.setattr(rq_worker, "RESTART_AFTER_S", 0.01)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def schedule_due(url: str, *sites: str) -> None:
    """Schedule probes whose time has come."""
    for site in sites:
        schedule(url, site)


def serve(connect: Callable[[], Redis], wake: Callable[[str], object]) -> None:
    """Serve until somebody sends SIGTERM; a deadline keeps a failing test from hanging."""
    stop = StopEvent()
    deadline = threading.Timer(DEADLINE_S, os.kill, (os.getpid(), signal.SIGTERM))
    deadline.start()
    try:
        run_probe_worker(connect, wake=wake, stop=stop)
    finally:
        deadline.cancel()
        deadline.join()
    assert stop.is_set()


class StopAfter:
    """Wakes nobody; sends SIGTERM once so many sites were woken."""

    def __init__(self, count: int) -> None:
        self.woken: list[str] = []
        self._count = count

    def __call__(self, site: str) -> None:
        self.woken.append(site)
        if len(self.woken) >= self._count:
            os.kill(os.getpid(), signal.SIGTERM)


def test_due_probes_wake_their_sites_and_leave_nothing_behind(
    connect: Callable[[], Redis], client: Redis, redis_url: str
) -> None:
    schedule_due(redis_url, "acme", "beta", "gamma")
    wake = StopAfter(3)
    serve(connect, wake)

    assert sorted(wake.woken) == ["acme", "beta", "gamma"]
    queue = probe_queue(client)
    registries: list[Any] = [ScheduledJobRegistry, FinishedJobRegistry, FailedJobRegistry]
    for registry in registries:
        assert registry(queue=queue).get_job_ids() == []
    assert client.keys("rq:job:*") == []


def test_a_probe_whose_time_has_not_come_waits(connect: Callable[[], Redis], client: Redis, redis_url: str) -> None:
    schedule(redis_url, "later", at_ms=4_000_000_000_000)
    schedule_due(redis_url, "now")
    wake = StopAfter(1)
    serve(connect, wake)

    assert wake.woken == ["now"]
    assert client.zrange("rq:scheduled:probes", 0, -1) == [b"probe-later-4000000000000"]


def test_the_same_attempt_may_come_again_after_it_ran(connect: Callable[[], Redis], redis_url: str) -> None:
    """A finished job that is kept would block its id: the next outage begins at attempt 1 again."""
    for _ in range(2):
        schedule_due(redis_url, "acme")
        wake = StopAfter(1)
        serve(connect, wake)
        assert wake.woken == ["acme"]


def test_a_probe_that_fails_costs_the_others_nothing_and_is_kept_for_an_hour(
    connect: Callable[[], Redis], client: Redis, redis_url: str
) -> None:
    wake = StopAfter(2)

    def fail_one(site: str) -> None:
        wake(site)
        if site == "acme":
            raise ConnectionError("redis away")

    schedule_due(redis_url, "acme", "beta")
    serve(connect, fail_one)

    assert sorted(wake.woken) == ["acme", "beta"]
    failed = FailedJobRegistry(queue=probe_queue(client))
    assert failed.get_job_ids() == ["probe-acme-0"]
    assert 0 < client.ttl("rq:job:probe-acme-0") <= rq_probes.FAILURE_KEPT_S


def test_a_worker_that_gives_up_is_replaced_until_somebody_asks_for_the_end(
    connect: Callable[[], Redis], monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    workers: list[ProbeWorker] = []
    work = ProbeWorker.work

    def give_up_first(worker: ProbeWorker, **options: object) -> bool:
        workers.append(worker)
        if len(workers) < 3:
            raise ValueError("RQ did not expect this")
        return bool(work(worker, **options))  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(ProbeWorker, "work", give_up_first)
    schedule_due(redis_url, "acme")
    wake = StopAfter(1)
    with capture_logs() as logs:
        serve(connect, wake)

    assert wake.woken == ["acme"]
    assert len(workers) == 3
    assert [line["event"] for line in logs] == ["probe_worker_failed", "probe_worker_failed"]


def test_redis_away_at_the_start_is_waited_for(connect: Callable[[], Redis], client: Redis, redis_url: str) -> None:
    tries = 0

    def away_at_first() -> Redis:
        nonlocal tries
        tries += 1
        return redis_clients.open_sync("redis://127.0.0.1:1") if tries == 2 else connect()

    schedule_due(redis_url, "acme")
    wake = StopAfter(1)
    serve(away_at_first, wake)

    assert wake.woken == ["acme"]
    assert tries >= 3


class TestARedisInTrouble:
    """RQ's own patience is seven minutes for an answer and a minute between two tries to connect."""

    @pytest.fixture
    def server(self) -> Iterator[OwnRedis]:
        with OwnRedis("--appendonly", "yes") as server:
            yield server

    @pytest.fixture(autouse=True)
    def _impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(redis_clients, "ANSWER_TIMEOUT_S", 0.5)
        monkeypatch.setattr(ProbeWorker, "dequeue_timeout", 1)
        monkeypatch.setattr(ProbeWorker, "connection_timeout", 2)

    @staticmethod
    def meanwhile(work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work)
        thread.start()
        return thread

    @staticmethod
    def is_served(server: OwnRedis) -> bool:
        with server.client as client:
            return any(b"worker" in key for key in client.keys("rq:worker:*"))

    def test_a_server_that_was_killed_is_served_again_within_seconds(self, server: OwnRedis) -> None:
        def kill_and_start() -> None:
            process_did(lambda: self.is_served(server))
            server.kill()
            server.start()
            process_did(server.serves)
            schedule_due(server.url, "acme")

        wake = StopAfter(1)
        killer = self.meanwhile(kill_and_start)
        serve(lambda: redis_clients.open_sync(server.url), wake)
        killer.join()

        assert wake.woken == ["acme"]

    def test_a_server_that_hangs_is_given_up_and_served_again_within_seconds(self, server: OwnRedis) -> None:
        with capture_logs() as logs:

            def freeze_and_thaw() -> None:
                process_did(lambda: self.is_served(server))
                server.freeze()
                process_did(lambda: len(logs) > 5)  # the scheduler's complaints: longer than the worker's patience
                server.thaw()
                schedule_due(server.url, "acme")

            wake = StopAfter(1)
            freezer = self.meanwhile(freeze_and_thaw)
            serve(lambda: redis_clients.open_sync(server.url), wake)
            freezer.join()

        assert wake.woken == ["acme"]

    def test_a_master_that_was_demoted_is_served_when_it_is_one_again(self, server: OwnRedis) -> None:
        def demote_and_promote() -> None:
            process_did(lambda: self.is_served(server))
            with server.client as operator:
                operator.replicaof("127.0.0.1", "1")
                process_did(lambda: operator.info("clients")["blocked_clients"] == 0)
                operator.replicaof("NO", "ONE")
            schedule_due(server.url, "acme")

        wake = StopAfter(1)
        operator = self.meanwhile(demote_and_promote)
        serve(lambda: redis_clients.open_sync(server.url), wake)
        operator.join()

        assert wake.woken == ["acme"]


def test_a_signal_that_comes_before_rq_is_ready_for_it_is_heard(client: Redis) -> None:
    stop = StopEvent()
    worker = ProbeWorker(client, stop)
    stop.ask()  # as the handler does that is there until then
    worker.serve()

    assert worker._stop_requested


class TestTheScheduler:
    def scheduler(self, client: Redis) -> Any:
        scheduler = ProbeScheduler(client)
        scheduler.interval = 0
        return scheduler

    def run(self, scheduler: Any, looks: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Run it for so many looks."""
        stop = threading.Event()
        left = [looks]
        look = scheduler._look

        def count(*, keep_lock: bool) -> None:
            left[0] -= 1
            if not left[0]:
                stop.set()
            look(keep_lock=keep_lock)

        monkeypatch.setattr(scheduler, "_look", count)
        scheduler.run(stop)

    def test_its_lock_is_kept_now_and_then_and_given_back(self, client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
        scheduler = self.scheduler(client)
        kept: list[set[str]] = []
        acquire = scheduler.acquire_locks

        def count() -> set[str]:
            kept.append(acquire())
            return kept[-1]

        monkeypatch.setattr(scheduler, "acquire_locks", count)
        self.run(scheduler, 2 * rq_worker.LOCK_EVERY_LOOKS + 1, monkeypatch)

        assert kept == [{rq_probes.QUEUE}] * 3
        assert client.keys("rq:scheduler*") == []

    def test_of_two_only_one_moves_probes_and_the_other_takes_over_when_it_ends(
        self, client: Redis, redis_url: str
    ) -> None:
        first, second = self.scheduler(client), self.scheduler(client)
        first._look(keep_lock=True)
        schedule_due(redis_url, "acme")
        second._look(keep_lock=True)
        assert probe_queue(client).get_job_ids() == []
        first.stop()
        second._look(keep_lock=True)
        assert probe_queue(client).get_job_ids() == ["probe-acme-0"]
        second.stop()

    def test_it_outlives_redis_being_away(self, client: Redis, monkeypatch: pytest.MonkeyPatch, redis_url: str) -> None:
        scheduler = self.scheduler(client)
        enqueue = scheduler.enqueue_scheduled_jobs
        tries = []

        def away_at_first() -> None:
            tries.append(1)
            if len(tries) < 3:
                raise ConnectionError("away")
            enqueue()

        monkeypatch.setattr(scheduler, "enqueue_scheduled_jobs", away_at_first)
        schedule_due(redis_url, "acme")
        with capture_logs() as logs:
            self.run(scheduler, 3, monkeypatch)

        assert [line["event"] for line in logs] == ["scheduler_waits_for_redis"] * 2
        assert probe_queue(client).get_job_ids() == ["probe-acme-0"]


def test_idle_it_asks_redis_about_once_a_second(client: Redis) -> None:
    """Two commands each look: the due jobs, and now and then the lock."""
    scheduler = TestTheScheduler().scheduler(client)
    scheduler._look(keep_lock=True)
    before = client.info("stats")["total_commands_processed"]
    for _ in range(10):
        scheduler._look(keep_lock=False)
    after = client.info("stats")["total_commands_processed"]
    scheduler.stop()

    assert after - before <= 10 + 1
