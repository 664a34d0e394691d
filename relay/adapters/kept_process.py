"""A child process that is to run for as long as we do: a supervisor starts it again whenever it ends."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence

from relay.adapters import child_process


def _nothing(_pid: int) -> None:
    """Do nothing about a child that has ended."""


class KeptProcess:
    """One `relay` command as a child."""

    def __init__(
        self,
        args: Sequence[str],
        *,
        env: Mapping[str, str],
        sockets: Sequence[int] = (),
        ended: Callable[[int], None] = _nothing,
    ) -> None:
        """Run `relay ARGS` with the file descriptors `sockets`; `ended(pid)` is called whenever it has ended."""
        self.name = " ".join(args)
        self._command = [sys.executable, "-m", "relay", *args]
        self._env = env
        self._sockets = sockets
        self._ended = ended
        self._process: asyncio.subprocess.Process | None = None

    async def keep_running(self) -> None:
        """Run it; raises ChildProcessError when it ends, however it does, so that a supervisor starts it again."""
        process = await child_process.spawn(self._command, env=self._env, sockets=self._sockets)
        self._process = process
        code = await process.wait()
        self._ended(process.pid)
        raise ChildProcessError(f"`relay {self.name}` ended with exit code {code}")

    async def stop(self) -> None:
        """Ask it to end, and wait until it has finished what it was doing."""
        if self._process is not None:
            await child_process.stop(self._process)
