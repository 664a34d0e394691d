"""A real redis-server for a test session: started once, emptied for each test, ended with the session."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from redis.exceptions import RedisError

from relay.adapters import child_process
from relay.adapters.embedded_redis import find_redis_server
from tests.support.waiting import process_did


class RedisServer:
    """One redis-server on a Unix socket, without persistence; `with` starts and ends it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="redis-"))
        self._socket = self._folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"unix://{self._socket}"

    def __enter__(self) -> Self:
        """Start it. Raises TimeoutError when it does not serve."""
        self._process = subprocess.Popen(
            [
                *(str(find_redis_server()), "--port", "0", "--unixsocket", str(self._socket)),
                *("--dir", str(self._folder), "--save", "", "--appendonly", "no"),
            ],
            stdout=subprocess.DEVNULL,
            preexec_fn=child_process._die_with_parent(),  # noqa: PLW1509  a prctl, looked up before the fork
        )
        process_did(self._serves)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it and remove its folder."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder)

    def clear(self) -> None:
        """Make it as new: no keys, no scripts, no limits."""
        with redis.Redis.from_url(self.url) as client:
            client.config_set("maxmemory", 0)
            client.flushall()
            client.script_flush()

    def _serves(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except RedisError:
            return False
