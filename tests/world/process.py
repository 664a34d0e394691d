"""One long-running command of the product: started, waited for, stopped or killed, started again."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from tests.world.secrecy import Secret, shown_on_purpose

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 60.0
LOOK_EVERY_S = 0.05


class CommandFailed(RuntimeError):
    """A command of the product ended with an error; the message holds what it printed."""

    def __init__(self, command: Sequence[str], code: int | None, output: str) -> None:
        super().__init__(f"{' '.join(command)} ended with {code}:\n{output}")
        self.code = code
        self.output = output


async def run_command(half: str, *args: str, env: Mapping[str, str], stdin: str = "") -> str:
    """Run a command to its end and return what it printed. Raises CommandFailed."""
    command = [sys.executable, "-m", half, *args]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env=_environment(env),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(stdin.encode())
    if process.returncode != 0:
        raise CommandFailed(command, process.returncode, (out + err).decode())
    return out.decode()


class Server:
    """A half that serves. `base_url` answers `/readyz` when it does."""

    def __init__(self, half: str, *, folder: Path, port: int, env: Mapping[str, str]) -> None:
        self.half = half
        self.folder = folder
        self.port = port
        self.base_url = f"http://127.0.0.1:{port}"
        self.log = folder / f"{half}.log"
        self.env = dict(env)
        self.shown: list[Secret] = []
        """Secrets that its commands printed, as they have to."""
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Its process. Raises RuntimeError when it was not started."""
        if self._process is None:
            raise RuntimeError(f"{self.half} was not started")
        return self._process.pid

    async def start(self) -> None:
        """Start it and wait until it is ready. Raises CommandFailed when it ends instead."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self.half, "run"),
                cwd=ROOT,
                env=_environment(self.env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await self._wait_until_ready()

    async def ended(self) -> None:
        """Wait until it has ended by itself."""
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> None:
        """Ask it to stop and wait for its end."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """Kill it as a power cut would."""
        await self._end(signal.SIGKILL)

    async def command(self, *args: str, stdin: str = "") -> Any:
        """Run one of the half's commands against it with `--json` and return the document."""
        text = await run_command(self.half, *args, "--json", env=self.env, stdin=stdin)
        printed = json.loads(text)
        for secret in shown_on_purpose(printed):
            self.shown.append(secret)
            text = text.replace(secret.value, "")
        self._keep("commands", text)
        return printed

    def _keep(self, what: str, text: str) -> None:
        """Keep in the folder what was seen from outside, where secrets are searched for."""
        with (self.folder / f"{self.half}.{what}").open("a", encoding="utf-8") as file:
            file.write(text + "\n")

    def _keep_processes(self) -> None:
        """Keep what every user of the machine sees of this one's processes."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            for each in (process, *process.children(recursive=True)):
                self._keep("processes", " ".join(each.cmdline()))

    async def _end(self, number: signal.Signals) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            self._keep_processes()
            process.send_signal(number)
            await process.wait()
        self._process = None

    async def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        async with aiohttp.ClientSession() as session:
            while not await _is_ready(session, self.base_url):
                if self._process is None or self._process.returncode is not None or time.monotonic() > deadline:
                    code = self._process.returncode if self._process else None
                    raise CommandFailed([self.half, "run"], code, self.log.read_text(errors="replace"))
                await asyncio.sleep(LOOK_EVERY_S)


async def _is_ready(session: aiohttp.ClientSession, base_url: str) -> bool:
    try:
        async with session.get(f"{base_url}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """Add to the caller's environment, less what a developer may have set of the product's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RELAY_", "ONSITE_"))}
    return kept | dict(own)
