"""Child processes that never outlive us."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from relay.adapters import child_process
from tests.support.waiting import process_did, process_does, soon

DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


async def spawn_waiting(marker: Path, before: str = "") -> asyncio.subprocess.Process:
    """Start a Python child that waits for a signal, and return once it does."""
    code = f"import signal; {before or 'pass'}; open({str(marker)!r}, 'w'); signal.pause()"
    process = await child_process.spawn([sys.executable, "-c", code])
    await process_does(lambda: asyncio.to_thread(marker.exists))
    return process


async def test_a_child_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    process = await spawn_waiting(tmp_path / "ready")
    await soon(child_process.stop(process))

    assert process.returncode == -signal.SIGTERM


async def test_a_child_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "STOP_TIMEOUT_S", 0.05)
    process = await spawn_waiting(tmp_path / "ready", DEAF)
    await soon(child_process.stop(process))

    assert process.returncode == -signal.SIGKILL


async def test_stopping_a_child_that_has_ended_does_nothing() -> None:
    process = await child_process.spawn([sys.executable, "-c", ""])
    await soon(process.wait())
    await soon(child_process.stop(process))

    assert process.returncode == 0


async def test_a_child_gets_the_environment_it_is_given_and_a_session_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "told"
    code = f"import os; open({str(path)!r}, 'w').write(os.environ['NAME'] + str(os.getsid(0) == os.getpid()))"
    process = await child_process.spawn([sys.executable, "-c", code], env={"NAME": "value-"})
    await soon(process.wait())

    assert path.read_text() == "value-True"


PARENT = """
import asyncio, sys
from relay.adapters import child_process
async def main():
    child = await child_process.spawn([sys.executable, "-c", "import signal; signal.pause()"])
    print(child.pid, flush=True)
    await child.wait()
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a leftover is found at the next start")
def test_a_child_ends_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        os.kill(parent.pid, signal.SIGKILL)
    process_did(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
