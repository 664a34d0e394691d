"""The schedule of probes on RQ: one job for each site, readable, and never an event."""

import asyncio
import json
import signal
import zlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis
from rq import SimpleWorker
from rq.job import Job, JobStatus
from rq.registry import ScheduledJobRegistry
from rq.serializers import JSONSerializer
from structlog.testing import capture_logs

from relay.adapters import redis_clients, rq_probes
from relay.adapters.rq_probes import (
    FAILURE_KEPT_S,
    JOB_TIMEOUT_S,
    RqSchedule,
    install_waker,
    open_schedule,
    probe,
    probe_queue,
)
from relay.adapters.rq_worker import ProbeScheduler
from tests.support.clock import NOON
from tests.support.own_redis import OwnRedis
from tests.support.rq_schedule import schedule as schedule_in_thread
from tests.support.waiting import soon

AT_MS = round(NOON * 1000)


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    with redis_clients.open_sync(redis_url) as client:
        yield client


@pytest.fixture
async def schedule(redis_url: str) -> AsyncIterator[RqSchedule]:
    async with open_schedule(redis_url) as schedule:
        yield schedule


@pytest.fixture
def signals_are_put_back() -> Iterator[None]:
    """Undo what an RQ worker does to the process in which it runs."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def schedule_of(client: Redis) -> Any:
    """Return RQ's registry of what is scheduled, which RQ does not type."""
    registry: Any = ScheduledJobRegistry
    return registry(queue=probe_queue(client))


def scheduled(client: Redis) -> dict[str, float]:
    """Return the scheduled jobs and when they are due."""
    registry = schedule_of(client)
    return {job: registry.get_scheduled_time(job).timestamp() for job in registry.get_job_ids()}


def move_due_jobs(client: Redis) -> None:
    """Have RQ's scheduler move what is due to the queue."""
    scheduler: Any = ProbeScheduler(client)
    scheduler._look(keep_lock=True)
    scheduler.stop()


def job_of(client: Redis, job_id: str) -> Job:
    job = probe_queue(client).fetch_job(job_id)
    assert job is not None
    return job


async def test_an_attempt_is_a_job_at_its_time_that_says_what_it_is(client: Redis, schedule: RqSchedule) -> None:
    await schedule.probe_at("acme", at_ms=AT_MS + 30_000, attempt=3)

    assert scheduled(client) == {f"probe-acme-{AT_MS + 30_000}": NOON + 30}
    job = job_of(client, f"probe-acme-{AT_MS + 30_000}")
    assert (job.args, job.kwargs, job.get_status()) == (["acme"], {}, JobStatus.SCHEDULED)
    assert job.func_name == "relay.adapters.rq_probes.probe"
    assert job.description == "probe acme, attempt 4"


async def test_a_probe_never_comes_early(client: Redis, schedule: RqSchedule) -> None:
    # RQ's schedule knows whole seconds only.
    await schedule.probe_at("acme", at_ms=AT_MS + 1, attempt=1)

    assert scheduled(client) == {f"probe-acme-{AT_MS + 1}": NOON + 1}


class TestOneForEachSite:
    async def test_a_new_probe_takes_the_place_of_the_one_before(self, client: Redis, schedule: RqSchedule) -> None:
        for at_ms in (AT_MS, AT_MS, AT_MS + 1000):
            await schedule.probe_at("acme", at_ms=at_ms, attempt=1)

        assert scheduled(client) == {f"probe-acme-{AT_MS + 1000}": NOON + 1}
        assert client.keys("rq:job:*") == [f"rq:job:probe-acme-{AT_MS + 1000}".encode()]

    async def test_it_leaves_those_of_other_sites_alone(self, client: Redis, schedule: RqSchedule) -> None:
        for site in ("acme", "beta-2", "acme-2"):
            await schedule.probe_at(site, at_ms=AT_MS, attempt=1)

        assert set(scheduled(client)) == {f"probe-{site}-{AT_MS}" for site in ("acme", "beta-2", "acme-2")}

    async def test_one_that_is_in_the_queue_already_is_left_there_and_finds_that_it_is_too_early(
        self, client: Redis, schedule: RqSchedule
    ) -> None:
        await schedule.probe_at("acme", at_ms=0, attempt=1)
        move_due_jobs(client)
        await schedule.probe_at("acme", at_ms=AT_MS, attempt=2)

        assert probe_queue(client).get_job_ids() == ["probe-acme-0"]
        assert scheduled(client) == {f"probe-acme-{AT_MS}": NOON}

    @pytest.mark.usefixtures("signals_are_put_back")
    async def test_a_probe_that_is_scheduled_while_another_of_the_site_just_ends_is_not_lost(
        self, client: Redis, schedule: RqSchedule, redis_url: str
    ) -> None:
        """RQ erases a job by its id when it ends; the next attempt may be scheduled in the middle of that."""
        await schedule.probe_at("acme", at_ms=0, attempt=1)
        move_due_jobs(client)

        def drain_that_fails_at_once(site: str) -> None:
            schedule_in_thread(redis_url, site, at_ms=AT_MS)  # the count of failures begins anew after a success

        install_waker(drain_that_fails_at_once)
        try:
            SimpleWorker([probe_queue(client)], connection=client, serializer=JSONSerializer).work(burst=True)
        finally:
            install_waker(None)

        assert scheduled(client) == {f"probe-acme-{AT_MS}": NOON}
        assert job_of(client, f"probe-acme-{AT_MS}").args == ["acme"]


class TestGoingOn:
    async def test_a_site_goes_to_the_end_of_the_queue(self, client: Redis, schedule: RqSchedule) -> None:
        for site in ("acme", "beta"):
            await schedule.go_on(site)
        jobs = [job_of(client, job_id) for job_id in probe_queue(client).get_job_ids()]

        assert [(job.args, job.description) for job in jobs] == [
            (["acme"], "go on with acme"),
            (["beta"], "go on with beta"),
        ]
        assert {(job.timeout, job.result_ttl, job.failure_ttl) for job in jobs} == {(JOB_TIMEOUT_S, 0, FAILURE_KEPT_S)}

    async def test_redis_away_is_logged_and_left_to_the_sweep(self) -> None:
        async with open_schedule("redis://127.0.0.1:1") as away:
            with capture_logs() as logs:
                await away.go_on("acme")

        assert [(line["event"], line["site"]) for line in logs] == [("probe_not_scheduled", "acme")]


async def test_attempts_of_many_sites_at_once_are_all_scheduled(client: Redis, schedule: RqSchedule) -> None:
    await asyncio.gather(*(schedule.probe_at(f"site-{n}", at_ms=AT_MS, attempt=1) for n in range(20)))

    assert len(scheduled(client)) == 20


async def test_a_job_is_json_and_no_pickle(client: Redis, schedule: RqSchedule) -> None:
    # Whoever can write to this Redis must not be able to run code in a worker.
    await schedule.probe_at("acme", at_ms=AT_MS, attempt=1)
    written: Any = client.hgetall(f"rq:job:probe-acme-{AT_MS}")

    assert json.loads(zlib.decompress(written[b"data"])) == ["relay.adapters.rq_probes.probe", None, ["acme"], {}]
    assert not any(value.startswith(b"\x80") for value in written.values())


async def test_a_job_is_neither_kept_long_nor_allowed_to_run_long(client: Redis, schedule: RqSchedule) -> None:
    await schedule.probe_at("acme", at_ms=AT_MS, attempt=1)
    job = job_of(client, f"probe-acme-{AT_MS}")

    assert (job.timeout, job.result_ttl, job.failure_ttl) == (JOB_TIMEOUT_S, 0, FAILURE_KEPT_S)


async def test_a_schedule_that_cannot_be_written_is_logged_and_costs_nothing() -> None:
    async with open_schedule("redis://127.0.0.1:1") as away:
        with capture_logs() as logs:
            await away.probe_at("acme", at_ms=AT_MS, attempt=1)

    assert [(line["event"], line["site"]) for line in logs] == [("probe_not_scheduled", "acme")]


class TestTheJob:
    def test_it_wakes_the_site_in_its_worker(self) -> None:
        woken: list[str] = []
        install_waker(woken.append)
        try:
            probe("acme")
        finally:
            install_waker(None)

        assert woken == ["acme"]

    def test_elsewhere_it_fails_in_words(self) -> None:
        assert rq_probes._waker is None
        with pytest.raises(RuntimeError, match="runs in `relay worker` only"):
            probe("acme")


def test_times_are_utc(client: Redis, redis_url: str) -> None:
    schedule_in_thread(redis_url, "acme", at_ms=86_400_000)

    assert schedule_of(client).get_scheduled_time("probe-acme-86400000") == datetime(1970, 1, 2, tzinfo=UTC)


async def test_a_redis_that_hangs_holds_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drain that parks its site waits for the schedule, and whoever stops a process waits for its drains."""
    monkeypatch.setattr(redis_clients, "ANSWER_TIMEOUT_S", 0.2)
    with OwnRedis() as server:
        async with open_schedule(server.url) as schedule:
            server.freeze()
            with capture_logs() as logs:
                await soon(schedule.probe_at("acme", at_ms=AT_MS, attempt=1))

    assert [line["event"] for line in logs] == ["probe_not_scheduled"]
