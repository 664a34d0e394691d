"""The relay's own commands as processes, for what only a process can show: signals, exit codes, kill -9."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from tests.support import facebook
from tests.support.relay import ADMIN_TOKEN
from tests.support.waiting import process_did

ROOT = Path(__file__).resolve().parents[2]
START_WITHIN_S = 30.0


def relay_environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a relay with its folder and settings, and nobody else's."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("RELAY_")}
    return own | {
        "RELAY_FACEBOOK_APP_ID": facebook.APP_ID,
        "RELAY_FACEBOOK_APP_SECRET": facebook.APP_SECRET,
        "RELAY_FACEBOOK_VERIFY_TOKEN": facebook.VERIFY_TOKEN,
        "RELAY_ADMIN_TOKEN": ADMIN_TOKEN,
        "RELAY_DATA_DIR": str(data_dir),
        "PYTHONPATH": str(ROOT),
        **settings,
    }


class RelayProcess:
    """One `relay` command that stays; `with` ends it."""

    def __init__(self, *args: str, env: Mapping[str, str], log: Path, module: str = "relay") -> None:
        self.log = log
        self._command = [sys.executable, "-m", module, *args]
        self._env = dict(env)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> psutil.Process:
        """Its process."""
        if self._process is None:
            raise RuntimeError("it was not started")
        return psutil.Process(self._process.pid)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it logged until now."""
        whole = [line for line in self.log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
        return [json.loads(line) for line in whole]

    def __enter__(self) -> Self:
        """Start it."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, env=self._env, cwd=self.log.parent, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it, however it stands."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def logged(self, event: str, times: int = 1) -> list[dict[str, Any]]:
        """Wait until it has logged an event so often. Raises TimeoutError."""
        process_did(lambda: self._count(event) >= times, within_s=START_WITHIN_S)
        return [line for line in self.lines if line["event"] == event]

    def ended(self) -> int:
        """Wait for its end and return its exit code. Raises subprocess.TimeoutExpired."""
        if self._process is None:
            raise RuntimeError("it was not started")
        return self._process.wait(START_WITHIN_S)

    def terminate(self) -> None:
        """Ask it to end, as systemd does."""
        self.process.terminate()

    def _count(self, event: str) -> int:
        if self._process is not None and self._process.poll() not in {None, 0}:
            raise RuntimeError(self.log.read_text())
        return sum(line["event"] == event for line in self.lines)
