"""A redis-server of a test's own, with a file on disk: to be killed, stopped in its tracks, and started again.

The one that all tests share is `tests.support.redis_server`; nobody may kill that.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.retry import Retry

from relay.adapters import child_process
from relay.adapters.embedded_redis import find_redis_server
from tests.support.waiting import process_did

_KEYS, _KEY_BYTES, KEY_DELAY_US = 8_000, 8_192, 200
"""Redis answers LOADING after each 2 MB of its file, so it takes large keys and small delays."""


class OwnRedis:
    """One redis-server on a Unix socket, and on a TCP port where one is given; `with` starts and ends it."""

    def __init__(self, *options: str, port: int = 0, sentinel: bool = False) -> None:
        """`options` as on redis-server's command line."""
        self.port = port
        self.folder = Path(tempfile.mkdtemp(prefix="own-redis-"))
        self.socket = self.folder / "redis.sock"
        self._sentinel = sentinel
        self._options = list(options)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens on this machine."""
        return f"unix://{self.socket}"

    @property
    def client(self) -> redis.Redis:
        """A client that waits for no answer longer than a test does, and does not ask twice."""
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5.0, retry=Retry(NoBackoff(), 0))

    def __enter__(self) -> Self:
        """Start it. Raises TimeoutError when it does not serve."""
        self.start()
        process_did(self.serves)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder)

    def start(self, *options: str) -> None:
        """Start it, with its file if it had one before; `options` are for this time only."""
        if self._process is not None:
            raise RuntimeError("it runs already")
        config = self.folder / "redis.conf"  # Sentinel writes down what it learns, and so needs a file of its own
        config.touch()
        command = [str(find_redis_server()), str(config), *(["--sentinel"] if self._sentinel else [])]
        own = ["--port", str(self.port), "--unixsocket", str(self.socket), "--dir", str(self.folder), "--save", ""]
        # What the kernel means by a parent is the thread: what another one starts would end with that thread.
        die_with_us = threading.current_thread() is threading.main_thread()
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *own, *self._options, *options],
                stdout=log,
                stderr=log,
                preexec_fn=child_process._die_with_parent() if die_with_us else None,  # noqa: PLW1509  a prctl alone
            )

    def kill(self) -> None:
        """Kill it without a warning."""
        if self._process is not None:
            self._process.kill()  # also one that is stopped
            self._process.wait()
            self._process = None

    def fill(self) -> None:
        """Write what takes `start_slowly` some two seconds to load."""
        with self.client as client:
            client.config_set("rdbcompression", "no")
            client.execute_command("DEBUG", "POPULATE", _KEYS, "filler", _KEY_BYTES)
            client.bgrewriteaof()
            process_did(lambda: not client.info("persistence")["aof_rewrite_in_progress"])

    def start_slowly(self) -> None:
        """Start it with a file so large that it answers LOADING for a while, and return when it does."""
        self.start("--key-load-delay", str(KEY_DELAY_US))
        process_did(self.serves)

    def freeze(self) -> None:
        """Stop it in its tracks: its connections stay, and its kernel takes new ones, but nobody answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def serves(self) -> bool:
        """Whether it answers, be it that it only loads."""
        try:
            with self.client as client:
                return bool(client.ping())
        except BusyLoadingError:
            return True
        except RedisError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("it does not run")
        os.kill(self._process.pid, number)
