"""A Redis set up like the relay's own, but for when it flushes: for the rivals, and where its inside is looked at."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from redis import Redis
from redis.exceptions import RedisError

from relay.adapters.embedded_redis import find_redis_server
from tests.bench.children import START_TIMEOUT_S, Child, running, wait_until


class RedisProcess:
    """A running server."""

    def __init__(self, child: Child, url: str) -> None:
        self.url = url
        self.process = psutil.Process(child.pid)
        self._child = child

    def client(self) -> Redis:
        """Make a client."""
        return Redis.from_url(self.url)

    def answers(self) -> bool:
        """Whether it serves. Raises BenchFailed when it has ended."""
        self._child.check()
        with self.client() as client:
            try:
                return bool(client.ping())
            except (RedisError, OSError):
                return False


@contextmanager
def run_redis(folder: Path, *, appendfsync: str) -> Iterator[RedisProcess]:
    """Run one meanwhile."""
    options = {
        "port": "0",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": appendfsync,
        "save": "",
        "maxmemory-policy": "noeviction",
        "auto-aof-rewrite-min-size": "64mb",
    }
    with tempfile.TemporaryDirectory(prefix="bench-") as short:  # a socket's name holds some hundred bytes only
        socket = Path(short) / "redis.sock"
        options["unixsocket"] = str(socket)
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        with running("redis", [str(find_redis_server()), *flags], folder=folder) as child:
            redis = RedisProcess(child, f"unix://{socket}")
            wait_until(redis.answers, what="redis to answer", timeout_s=START_TIMEOUT_S)
            yield redis
