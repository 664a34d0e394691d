"""One process of a history: started, killed, stopped, paused; and kept running meanwhile, as a service manager would.

Each has a session of its own and dies with us, even by kill -9 (prctl(2), PR_SET_PDEATHSIG).
"""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from tests.faults.ledger import Ending

ROOT = Path(__file__).resolve().parents[3]
RESTART_AFTER_S = 0.3
STOP_WITHIN_S = 45.0
"""How long a process may take to end after SIGTERM: the product allows itself 20 s for requests, as for a batch."""
STARTING_S = 5.0
"""How long a process may not yet handle signals: it ends by SIGTERM itself then."""
SERVES = b'_serves"'
"""What a process of the product logs when it is up: `relay_serves`, `worker_serves`, `onsite_serves`."""
_PR_SET_PDEATHSIG = 1


class Service:
    """One process, by one command."""

    def __init__(self, name: str, command: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self.endings: list[Ending] = []
        """When it ended without having been told to, or did not end well when it was."""
        self._command = command
        self._env = _environment(env)
        self._first_line = b""
        self._process: asyncio.subprocess.Process | None = None
        self._started_at = 0.0
        self._said_before = 0
        self._keeper: asyncio.Task[None] | None = None
        self._unwanted = asyncio.Event()

    async def start(self) -> None:
        """Start it, and start it again whenever it ends by itself."""
        self._unwanted = asyncio.Event()
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def kill(self) -> None:
        """Kill it as a power cut would."""
        self._unwanted.set()
        self._signal_all(signal.SIGKILL)
        await self._over()

    async def terminate(self) -> None:
        """Ask it to end and wait until it has; one that does not is killed, and that is written down."""
        self._unwanted.set()
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(asyncio.shield(self._over()), STOP_WITHIN_S)
        except TimeoutError:
            self._signal_all(signal.SIGKILL)
            await self._over()
        code = self._process.returncode if self._process is not None else 0
        if code and not (code == -signal.SIGTERM and self._is_starting()) and not self._ends_by_signal(code):
            self._write_down(code)

    def pause(self) -> None:
        """Stop it in its tracks."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal_all(signal.SIGCONT)

    async def close(self) -> None:
        """End it, however it stands."""
        await self.kill()

    async def kill_part(self) -> None:
        """Kill one of the processes that it started; it is its own business to start another."""
        for process in self._family()[1:2]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)

    def tell(self, line: str) -> None:
        """Write a line to its stdin."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(f"{line}\n".encode())

    def _ends_by_signal(self, _code: int) -> bool:
        """Whether this is how such a process ends when it is asked to."""
        return False

    def _is_starting(self) -> bool:
        """Whether it may not handle signals yet: it was paused while it started, or has only just started."""
        said = self.log.read_bytes()[self._said_before :]
        return SERVES not in said or time.monotonic() - self._started_at < STARTING_S

    async def _keep(self) -> None:
        unwanted = self._unwanted
        while self._process is not None:
            code = await self._process.wait()
            if unwanted.is_set():
                return
            self._write_down(code)
            with suppress(TimeoutError):
                await asyncio.wait_for(unwanted.wait(), RESTART_AFTER_S)
                return
            await self._spawn()

    async def _over(self) -> None:
        if self._keeper is not None:
            await self._keeper

    async def _spawn(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._said_before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self.log.parent,
                env=self._env,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_us(),
            )
        self._started_at = time.monotonic()

    def _write_down(self, code: int) -> None:
        self.endings.append(Ending(self.name, self._started_at, time.monotonic(), code))

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    def _signal_all(self, number: signal.Signals) -> None:
        """Send a signal to it and to all that it started, which may have sessions of their own."""
        for process in self._family():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _family(self) -> list[psutil.Process]:
        """Return the process and its descendants, parents first."""
        if self._process is None or self._process.returncode is not None:
            return []
        with suppress(psutil.NoSuchProcess):
            leader = psutil.Process(self._process.pid)
            return [leader, *leader.children(recursive=True)]
        return []


def python(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module with this very Python."""
    return [sys.executable, "-m", module, *arguments]


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """Add to the caller's environment, less what somebody may have set of the product's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RELAY_", "ONSITE_"))}
    return kept | {"PYTHONPATH": str(ROOT)} | dict(own)


def _die_with_us() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: nothing may be loaded between fork and exec

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return ask_kernel
