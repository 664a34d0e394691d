"""`onsite run` as a process: how it starts, how it refuses to, how it stops."""

import asyncio
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.integration.onsite.command import run_onsite, start_onsite
from tests.world.ports import free_port
from tests.world.watching import eventually


class Process:
    """A site that was started as its admin starts it."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"

    async def ready(self) -> None:
        """Wait until it would take a push."""
        await eventually(self._status, lambda status: status == 200)

    async def _status(self) -> int:
        try:
            async with aiohttp.ClientSession() as http, http.get(self.url + "/readyz") as answer:
                return answer.status
        except aiohttp.ClientError:
            assert self.process.returncode is None, await self.log()
            return 0

    async def log(self) -> str:
        """Wait for its end, and return what it logged."""
        _, err = await self.process.communicate()
        return err.decode()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Process]:
    port = free_port()
    env = {"ONSITE_DATA_DIR": str(tmp_path / "data"), "ONSITE_PORT": str(port)}
    running = Process(await start_onsite("run", env=env, cwd=str(tmp_path)), port)
    await running.ready()
    yield running
    if running.process.returncode is None:
        running.process.kill()
        await running.process.communicate()


async def test_it_starts_on_a_fresh_machine_without_any_setting(running: Process, tmp_path: Path) -> None:
    running.process.send_signal(signal.SIGTERM)
    log = await running.log()

    (line,) = (line for line in log.splitlines() if "relay_receiver_off" in line)
    assert '"level": "info"' in line  # a site for Telegram alone lacks nothing
    assert "ONSITE_SITE and ONSITE_RELAY_SECRET" in log
    files = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
    assert {"onsite.db", "api-token", "master-key", "lock"} <= set(files)
    if sys.platform != "win32":
        assert {files[name] for name in ("onsite.db", "api-token", "master-key")} == {0o600}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_when_asked_with_exit_code_0_and_no_traceback(running: Process, number: signal.Signals) -> None:
    running.process.send_signal(number)
    log = await running.log()

    assert running.process.returncode == 0
    assert "onsite_stops" in log
    assert "Traceback" not in log


async def test_a_second_site_in_the_same_folder_is_refused_in_one_sentence(running: Process, tmp_path: Path) -> None:
    ended = await run_onsite("run", "--port", "0", "--data-dir", "data", env={}, cwd=str(tmp_path))

    assert ended.code == 1
    assert "onsite: the data folder data is in use by another `onsite run`" in ended.err


async def test_a_port_in_use_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = await run_onsite("run", "--port", str(port), env={}, cwd=str(tmp_path))

    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith(f"onsite: port {port} on 127.0.0.1 is in use by another program")
    assert "Traceback" not in ended.err


async def test_all_problems_of_the_settings_are_told_at_once_with_exit_code_2(tmp_path: Path) -> None:
    secret = "whsec_dG9vIHNob3J0"
    env = {
        "ONSITE_SITE": "Acme Inc",
        "ONSITE_RELAY_SECRET": secret,
        "ONSITE_PORT": "http",
        "ONSITE_API_TOKEN": "short",
        "ONSITE_GRAPH_URL": "graph",
        "ONSITE_COLOUR": "blue",
    }
    ended = await run_onsite("run", env=env, cwd=str(tmp_path))

    assert ended.code == 2
    for name in env:
        assert f"- {name}" in ended.err
    assert "6 settings need attention" in ended.err
    assert secret not in ended.err


async def test_a_database_of_a_newer_release_is_refused_in_one_sentence(tmp_path: Path, data_dir: Path) -> None:
    with sqlite3.connect(data_dir / "onsite.db") as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    file.close()
    ended = await run_onsite("run", "--port", "0", "--data-dir", str(data_dir), env={}, cwd=str(tmp_path))

    assert ended.code == 1
    assert "onsite: the database was changed by a newer release" in ended.err
    assert "Traceback" not in ended.err
