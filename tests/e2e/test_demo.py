"""`make demo`: it starts without a browser, says what to try, and leaves nothing behind."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import psutil
import pytest

from shared.console import run_app
from tests.demo.__main__ import app
from tests.demo.ports import DemoPorts
from tests.world.ports import free_port, is_free
from tests.world.process import ROOT, CommandFailed
from tests.world.watching import eventually

pytestmark = pytest.mark.timeout(180)


def five_free_ports() -> int:
    """Return the first of five ports in a row that nobody listens on right now."""
    while True:
        first = free_port()
        if all(is_free(first + offset) for offset in range(1, 5)):
            return first


async def start_demo(first_port: int, folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.demo", "--first-port", str(first_port)),
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


async def lines_until(process: asyncio.subprocess.Process, last: str) -> list[str]:
    assert process.stdout is not None
    lines: list[str] = []
    while not any(last in line for line in lines):
        line = await asyncio.wait_for(process.stdout.readline(), 90)
        assert line, f"the demo ended instead: {lines}"
        lines.append(line.decode())
    return lines


def left_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


@pytest.fixture
def first_port() -> int:
    return five_free_ports()


async def test_the_demo_says_what_to_try_and_ctrl_c_ends_all_of_it(first_port: int, tmp_path: Path) -> None:
    process = await start_demo(first_port, tmp_path)
    try:
        said = "".join(await lines_until(process, "Ctrl-C stops everything"))
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{first_port + 2}/") as answer:
                page = await answer.text()
            async with session.get(f"http://127.0.0.1:{first_port}/readyz") as answer:
                relay = answer.status
        await eventually(lambda: relay_as_seen_by_site(first_port + 1), lambda state: state == "up")
        parts = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()

    assert "onsite reply 1" in said
    assert f"http://127.0.0.1:{first_port + 2}" in said
    assert "phone" in page
    assert relay == 200
    assert process.returncode == 0, err.decode()
    assert "Everything is stopped" in out.decode()
    assert len(parts) >= 4  # relay, its Redis, its worker, the site
    gone, alive = psutil.wait_procs(parts, timeout=10)
    assert not alive
    assert len(gone) == len(parts)
    assert left_in(tmp_path) == []


async def relay_as_seen_by_site(port: int) -> str:
    """Return how the site, which announced itself when it started, sees its relay."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/readyz") as answer:
        return str((await answer.json())["relay"])


async def test_a_port_in_use_is_a_sentence(first_port: int, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first_port + 1))
        taken.listen()
        process = await start_demo(first_port, tmp_path)
        _, err = await asyncio.wait_for(process.communicate(), 60)

    assert process.returncode == 1
    assert f"site: {first_port + 1}" in err.decode()
    assert "Traceback" not in err.decode()


class NoDemo:
    """A demo one part of which does not start."""

    def __init__(self, _folder: Path, _ports: DemoPorts) -> None:
        pass

    async def __aenter__(self) -> None:
        raise CommandFailed(["relay", "run"], 1, "relay: there is no redis-server\n")

    async def __aexit__(self, *_: object) -> None:
        raise AssertionError("what was not entered is not left")


def test_a_part_that_does_not_start_is_told_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.demo.__main__.demo", NoDemo)
    monkeypatch.setattr(sys, "argv", ["demo", "--first-port", str(five_free_ports())])
    with pytest.raises(SystemExit) as ended:
        run_app(app, "demo")

    assert ended.value.code == 1
    assert capsys.readouterr().err == "demo: relay run ended with 1:\nrelay: there is no redis-server\n"
