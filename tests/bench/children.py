"""The benchmark's processes: each logs into a file, none outlives us, and waiting for one has a deadline.

Synchronous on purpose: the conductor only starts, waits and stops, and must not take part in what it measures.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import requests

from tests.bench.errors import BenchFailed

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 20.0
LOOK_EVERY_S = 0.02
_PR_SET_PDEATHSIG = 1  # prctl(2)
_LOG_LINES_SHOWN = 15

Value = TypeVar("Value")


class Child:
    """A process of the benchmark."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.pid = process.pid
        self.log = log
        self._process = process

    def check(self) -> None:
        """Raise BenchFailed, with the end of its log, when it has ended by itself."""
        code = self._process.poll()
        if code is not None:
            raise BenchFailed(f"{self.name} ended with exit code {code}: {_last_words(self.log.read_bytes())}")

    def stop(self) -> None:
        """Ask it to end, wait, and kill it if it does not."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def running(
    name: str, command: Sequence[str], *, folder: Path, env: Mapping[str, str] | None = None
) -> Iterator[Child]:
    """Run a command in `folder` meanwhile, in a session of its own: Ctrl-C reaches us alone, and we stop it."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent(),  # noqa: PLW1509  nobody has started a thread before
        )
    child = Child(name, process, log)
    try:
        yield child
    finally:
        child.stop()


def output_of(command: Sequence[str], *, timeout_s: float) -> bytes:
    """Run a command to its end and return what it printed. Raises BenchFailed."""
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment({}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            start_new_session=True,
            preexec_fn=_die_with_parent(),
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise BenchFailed(f"{command[2]} did not end within {timeout_s:.0f} s") from None
    except subprocess.CalledProcessError as error:
        raise BenchFailed(f"{command[2]} failed: {_last_words(error.stderr)}") from None
    return done.stdout


def python(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module with this very Python."""
    return [sys.executable, "-m", module, *arguments]


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return our environment without the product's settings, which must not leak into a measurement."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("RELAY_", "ONSITE_"))}
    return ours | {"PYTHONPATH": str(ROOT)} | dict(extra)


def free_port() -> int:
    """Return a port of the loopback that nobody uses now."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return that many different ones."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def wait_until_ready(child: Child, port: int) -> None:
    """Wait until an HTTP server answers 200 at `/readyz`. Raises BenchFailed."""

    def ask() -> bool:
        child.check()
        try:
            return requests.get(f"http://127.0.0.1:{port}/readyz", timeout=START_TIMEOUT_S).ok
        except requests.ConnectionError:
            return False

    wait_until(ask, what=f"{child.name} to be ready", timeout_s=START_TIMEOUT_S)


def wait_until(holds: Callable[[], bool], *, what: str, timeout_s: float) -> None:
    """Look again and again, as another process tells us nothing by itself. Raises BenchFailed at the deadline."""
    if not comes_true(holds, timeout_s=timeout_s):
        raise BenchFailed(f"waited {timeout_s:.0f} s in vain for {what}")


def comes_true(holds: Callable[[], bool], *, timeout_s: float) -> bool:
    """Look again and again; False at the deadline."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_EVERY_S)
    return True


def _last_words(output: bytes) -> str:
    return "\n  ".join(["", *output.decode("utf-8", "replace").splitlines()[-_LOG_LINES_SHOWN:]])


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux, have the kernel end the child with us, so that not even a kill -9 leaves one behind."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: nothing may be loaded between fork and exec

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask_kernel
