"""The schedule of probes on RQ: one job for each attempt, readable, and never an event."""

import asyncio
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis
from rq.job import Job, JobStatus
from rq.registry import ScheduledJobRegistry
from structlog.testing import capture_logs

from relay.adapters import redis_clients, rq_probes
from relay.adapters.rq_probes import FAILURE_KEPT_S, JOB_TIMEOUT_S, RqSchedule, install_waker, probe, probe_queue
from tests.support.clock import NOON
from tests.support.own_redis import OwnRedis
from tests.support.waiting import soon

AT_MS = round(NOON * 1000)


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    with redis_clients.open_sync(redis_url) as client:
        yield client


def schedule_of(client: Redis) -> Any:
    """Return RQ's registry of what is scheduled, which RQ does not type."""
    registry: Any = ScheduledJobRegistry
    return registry(queue=probe_queue(client))


def scheduled(client: Redis) -> dict[str, float]:
    """Return the scheduled jobs and when they are due."""
    registry = schedule_of(client)
    return {job: registry.get_scheduled_time(job).timestamp() for job in registry.get_job_ids()}


def job_of(client: Redis, job_id: str) -> Job:
    job = probe_queue(client).fetch_job(job_id)
    assert job is not None
    return job


async def test_an_attempt_is_a_job_at_its_time(client: Redis) -> None:
    await RqSchedule(client).probe_at("acme", at_ms=AT_MS + 30_000, attempt=3)

    assert scheduled(client) == {"probe-acme-3": NOON + 30}
    job = job_of(client, "probe-acme-3")
    assert (job.args, job.kwargs, job.get_status()) == (["acme"], {}, JobStatus.SCHEDULED)
    assert job.func_name == "relay.adapters.rq_probes.probe"


async def test_the_same_attempt_scheduled_twice_is_one_job(client: Redis) -> None:
    schedule = RqSchedule(client)
    for at_ms in (AT_MS, AT_MS, AT_MS + 1000):
        await schedule.probe_at("acme", at_ms=at_ms, attempt=1)

    assert scheduled(client) == {"probe-acme-1": NOON + 1}


async def test_another_attempt_or_site_is_another_job(client: Redis) -> None:
    schedule = RqSchedule(client)
    for site, attempt in (("acme", 1), ("acme", 2), ("beta-2", 1)):
        await schedule.probe_at(site, at_ms=AT_MS, attempt=attempt)

    assert set(scheduled(client)) == {"probe-acme-1", "probe-acme-2", "probe-beta-2-1"}


async def test_attempts_of_many_sites_at_once_are_all_scheduled(client: Redis) -> None:
    schedule = RqSchedule(client)
    await asyncio.gather(*(schedule.probe_at(f"site-{n}", at_ms=AT_MS, attempt=1) for n in range(20)))

    assert len(scheduled(client)) == 20


async def test_a_job_is_json_and_no_pickle(client: Redis) -> None:
    # Whoever can write to this Redis must not be able to run code in a worker.
    await RqSchedule(client).probe_at("acme", at_ms=AT_MS, attempt=1)
    written: Any = client.hgetall("rq:job:probe-acme-1")

    assert json.loads(zlib.decompress(written[b"data"])) == ["relay.adapters.rq_probes.probe", None, ["acme"], {}]
    assert not any(value.startswith(b"\x80") for value in written.values())


async def test_a_job_is_neither_kept_long_nor_allowed_to_run_long(client: Redis) -> None:
    await RqSchedule(client).probe_at("acme", at_ms=AT_MS, attempt=1)
    job = job_of(client, "probe-acme-1")

    assert (job.timeout, job.result_ttl, job.failure_ttl) == (JOB_TIMEOUT_S, 0, FAILURE_KEPT_S)


async def test_a_schedule_that_cannot_be_written_is_logged_and_costs_nothing() -> None:
    with redis_clients.open_sync("redis://127.0.0.1:1") as away, capture_logs() as logs:
        await RqSchedule(away).probe_at("acme", at_ms=AT_MS, attempt=1)

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


def test_times_are_utc(client: Redis) -> None:
    asyncio.run(RqSchedule(client).probe_at("acme", at_ms=86_400_000, attempt=1))

    assert schedule_of(client).get_scheduled_time("probe-acme-1") == datetime(1970, 1, 2, tzinfo=UTC)


async def test_a_redis_that_hangs_holds_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drain that parks its site waits for the schedule, and whoever stops a process waits for its drains."""
    monkeypatch.setattr(redis_clients, "ANSWER_TIMEOUT_S", 0.2)
    with OwnRedis() as server, redis_clients.open_sync(server.url) as client:
        schedule = RqSchedule(client)
        server.freeze()
        with capture_logs() as logs:
            await soon(schedule.probe_at("acme", at_ms=AT_MS, attempt=1))

    assert [line["event"] for line in logs] == ["probe_not_scheduled"]
