"""The worker's event loop beside RQ: probes wake its lane, its sweep finds the rest, and its end is orderly."""

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as sync_redis
import requests
from pydantic import SecretStr
from redis.asyncio import Redis

from relay.adapters.redis_sites import RedisSites
from relay.bootstrap import work
from relay.bootstrap.work import DrainsThread
from relay.core import keys
from relay.core.errors import StoreUnavailable
from relay.core.settings import RelaySettings
from relay.core.site import Site
from relay.engine import sweeper
from shared.site_secret import new_site_secret
from shared.vault import Vault, new_master_key
from tests.support.logs import WrittenLogs, written_logs
from tests.support.processes import RelayProcess, relay_environment
from tests.support.relay import relay_settings
from tests.support.waiting import DEADLINE_S, process_did
from tests.world.ports import free_port


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> RelaySettings:
    return relay_settings(tmp_path, redis_url=SecretStr(redis_url))


@pytest.fixture
def client(redis_url: str) -> Iterator[sync_redis.Redis]:
    with sync_redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def logs() -> Iterator[WrittenLogs]:
    with written_logs() as logs:
        yield logs


def end(drains: DrainsThread) -> None:
    drains.stop.set()
    drains.join(DEADLINE_S)
    assert not drains.is_alive()


def test_a_probe_drains_its_site_and_stopping_leaves_no_lease(
    settings: RelaySettings, client: sync_redis.Redis, logs: WrittenLogs
) -> None:
    client.xadd(keys.outbox("acme"), {"p": "1", "k": "messaging", "d": "1"})
    drains = DrainsThread(settings, allow_volatile=True)
    drains.start()
    drains.wake("acme")
    process_did(lambda: client.hget(keys.delivery("acme"), "last_error") is not None)
    end(drains)

    assert client.hget(keys.delivery("acme"), "last_error") == b"the site is not registered any more"
    assert client.exists(keys.lease("acme")) == 0
    assert client.xlen(keys.outbox("acme")) == 1
    assert not drains.failed


def test_a_probe_that_an_announcement_overtook_leaves_the_site_to_its_new_schedule(
    settings: RelaySettings, client: sync_redis.Redis, logs: WrittenLogs
) -> None:
    client.xadd(keys.outbox("acme"), {"p": "1", "k": "messaging", "d": "1"})
    now_ms = round(time.time() * 1000)
    drains = DrainsThread(settings, allow_volatile=True)
    drains.start()
    client.hset(keys.delivery("acme"), mapping={"state": "parked", "failures": 2, "next_attempt_ms": now_ms + 60_000})
    drains.wake("acme")
    overtaken = client.hget(keys.delivery("acme"), "failures")
    client.hset(keys.delivery("acme"), "next_attempt_ms", now_ms + 1_000)  # RQ cuts fractions of a second off
    drains.wake("acme")
    process_did(lambda: client.hget(keys.delivery("acme"), "failures") == b"3")
    end(drains)

    assert overtaken == b"2"


def test_the_sweep_finds_what_nobody_drains(
    settings: RelaySettings, client: sync_redis.Redis, logs: WrittenLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "SWEEP_EVERY_S", 0.01)
    client.xadd(keys.outbox("acme"), {"p": "1", "k": "messaging", "d": "1"})
    client.zadd(keys.BACKLOG, {"acme": 1})
    drains = DrainsThread(settings, allow_volatile=True)
    drains.start()
    process_did(lambda: client.hget(keys.delivery("acme"), "state") == b"parked")
    end(drains)

    assert "sweep_started_drains" in [line["event"] for line in logs.lines]


def test_redis_away_is_waited_for(
    settings: RelaySettings, client: sync_redis.Redis, logs: WrittenLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "SWEEP_EVERY_S", 0.01)
    client.set(keys.BACKLOG, "not a sorted set")
    drains = DrainsThread(settings, allow_volatile=True)
    drains.start()
    process_did(lambda: "sweep_waits_for_redis" in logs.text)
    client.delete(keys.BACKLOG)
    client.xadd(keys.outbox("acme"), {"p": "1", "k": "messaging", "d": "1"})
    client.zadd(keys.BACKLOG, {"acme": 1})
    process_did(lambda: client.hget(keys.delivery("acme"), "state") == b"parked")
    end(drains)

    assert not drains.failed


@pytest.fixture
def asked_to_end() -> Iterator[threading.Event]:
    """Tell when this process was asked to end, and do not end it."""
    asked = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: asked.set())
    yield asked
    signal.signal(signal.SIGTERM, before)


def test_a_loop_that_cannot_start_ends_the_worker_and_wakes_nobody(
    settings: RelaySettings, logs: WrittenLogs, asked_to_end: threading.Event
) -> None:
    settings.master_key_file.write_text("")  # damaged
    drains = DrainsThread(settings, allow_volatile=True)
    drains.start()
    with pytest.raises(StoreUnavailable, match="did not start"):
        drains.wake("acme")
    end(drains)
    process_did(asked_to_end.is_set)

    assert "is empty; restore it from a backup" in str(drains.failed)


def test_a_fault_of_the_loop_ends_the_worker_and_is_in_the_log(
    settings: RelaySettings, logs: WrittenLogs, asked_to_end: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr(work, "open_store", fail)
    drains = DrainsThread(settings, allow_volatile=True)
    drains.start()
    process_did(asked_to_end.is_set)
    end(drains)

    assert str(drains.failed) == "the worker's event loop failed; its log says why"
    (line,) = [line for line in logs.lines if line["event"] == "drains_failed"]
    assert "a fault of ours" in line["exception"]


@pytest.mark.usefixtures("logs")
class TestItsPort:
    def ask(self, port: int, path: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{port}{path}", timeout=5)

    def test_with_one_it_shows_health_and_what_it_counted(
        self, settings: RelaySettings, client: sync_redis.Redis
    ) -> None:
        port = free_port()
        drains = DrainsThread(settings.model_copy(update={"worker_port": port}), allow_volatile=True)
        drains.start()
        client.xadd(keys.outbox("acme"), {"p": "1", "k": "messaging", "d": "1"})
        drains.wake("acme")
        process_did(lambda: client.hget(keys.delivery("acme"), "state") == b"parked")
        answers = [self.ask(port, path) for path in ("/healthz", "/readyz", "/metrics")]
        end(drains)

        assert [answer.status_code for answer in answers] == [200] * 3
        assert 'relay_batches_total{verdict="failed"}' in answers[2].text

    def test_in_use_it_is_a_sentence(self, settings: RelaySettings, asked_to_end: threading.Event) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            drains = DrainsThread(settings.model_copy(update={"worker_port": port}), allow_volatile=True)
            drains.start()
            process_did(asked_to_end.is_set)
            end(drains)

        assert f"port {port} on 127.0.0.1 is in use" in str(drains.failed)


def test_a_worker_whose_loop_cannot_start_ends_with_a_sentence(tmp_path: Path, redis_url: str) -> None:
    """Its loop may fail before RQ listens to signals; the system's own answer to one would be exit code 143."""
    (tmp_path / "master-key").write_text("")  # damaged
    env = relay_environment(tmp_path, RELAY_REDIS_URL=redis_url)
    with RelayProcess("worker", "--allow-volatile", env=env, log=tmp_path / "worker.log") as worker:
        code = worker.ended()

    assert code == 1
    assert "is empty; restore it from a backup" in worker.log.read_text()
    assert "Traceback" not in worker.log.read_text()


def test_a_worker_that_is_asked_to_end_many_times_at_once_ends(tmp_path: Path, redis_url: str) -> None:
    """As by the kernel when its parent is killed, which had many threads."""
    env = relay_environment(tmp_path, RELAY_REDIS_URL=redis_url)
    with RelayProcess("worker", "--allow-volatile", env=env, log=tmp_path / "worker.log") as worker:
        worker.logged("worker_serves")
        for _ in range(200):
            worker.terminate()
        code = worker.ended()

    assert worker.lines[-1]["event"] == "worker_stops"
    assert code in {0, -signal.SIGTERM}  # a Python that is about to end gives signals back to the system


def test_a_worker_waits_for_a_redis_that_is_away(tmp_path: Path) -> None:
    env = relay_environment(tmp_path, RELAY_REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    with RelayProcess("worker", env=env, log=tmp_path / "worker.log") as worker:
        worker.logged("worker_waits_for_redis")
        worker.terminate()

        assert worker.ended() == 0


def test_a_worker_refuses_a_redis_that_would_lose_events(tmp_path: Path, redis_url: str) -> None:
    env = relay_environment(tmp_path, RELAY_REDIS_URL=redis_url)
    with RelayProcess("worker", env=env, log=tmp_path / "worker.log") as worker:
        code = worker.ended()

    assert code == 2
    assert "`appendonly` is not `yes`: a restart loses events" in worker.log.read_text()
    assert "Traceback" not in worker.log.read_text()


async def test_a_worker_refuses_the_redis_of_a_relay_with_another_master_key(
    tmp_path: Path, redis_url: str, redis: Redis
) -> None:
    site = Site("acme", "https://acme.example", (new_site_secret(),), 0)
    await RedisSites(redis, Vault([new_master_key()])).add(site)
    env = relay_environment(tmp_path, RELAY_REDIS_URL=redis_url)
    with RelayProcess("worker", "--allow-volatile", env=env, log=tmp_path / "worker.log") as worker:
        code = await asyncio.to_thread(worker.ended)

    assert code == 2
    assert "master key" in worker.log.read_text()
