"""The Redis of a history: a real redis-server with the embedded one's configuration, and what can go wrong with it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from relay.adapters.embedded_redis import _arguments, find_redis_server
from relay.core import keys
from tests.faults.run.service import Service

SERVES_WITHIN_S = 20.0
LOOK_EVERY_S = 0.02
NOBODY = ("127.0.0.1", "1")
"""A master that is not there: whoever replicates it is read-only, and keeps what it has."""
TORN_RECORD = b"*3\r\n$3\r\nSET\r\n$10\r\nhalf a re"
"""What a power cut leaves of the record that was just being written; nobody had an answer for it."""


class RedisService(Service):
    """One redis-server on a Unix socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "redis.sock"
        command = [str(find_redis_server()), *_arguments(folder, self._socket)]
        super().__init__("redis", command, env={}, log=folder / "stdout.log")

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"unix://{self._socket}"

    def client(self) -> Redis:
        """Return a client that asks once and does not wait for long."""
        return Redis(unix_socket_path=str(self._socket), retry=Retry(NoBackoff(), 0), socket_timeout=2.0)

    async def start(self) -> None:
        """Start it and wait until it serves. Raises TimeoutError."""
        await super().start()
        async with asyncio.timeout(SERVES_WITHIN_S):
            while not await self._serves():  # noqa: ASYNC110  another process sets no event of ours
                await asyncio.sleep(LOOK_EVERY_S)

    async def tear(self) -> None:
        """Kill it and leave half a record at the end of its file."""
        await self.kill()
        newest = max(self._folder.rglob("*.aof"), key=lambda path: path.stat().st_mtime)
        with newest.open("ab") as file:
            file.write(TORN_RECORD)

    async def set_read_only(self, *, on: bool) -> None:
        """Answer every write with READONLY, as a master does after a failover that its clients do not know of."""
        async with self.client() as client:
            await client.replicaof(*(NOBODY if on else ("NO", "ONE")))

    async def set_full(self, *, on: bool) -> None:
        """Answer every write that takes memory with OOM."""
        async with self.client() as client:
            await client.config_set("maxmemory", 1 if on else 0)

    async def cut(self) -> None:
        """Close every client's connection, and forget the scripts."""
        async with self.client() as client:
            await client.client_kill_filter(_type="normal", skipme=True)
            await client.script_flush()

    async def waiting(self, outboxes: list[str]) -> dict[str, int]:
        """Return how many events each outbox holds, or 0 where only a lease is left; none that is wholly idle."""
        async with self.client() as client:
            pipeline = client.pipeline(transaction=False)
            for name in outboxes:
                pipeline.xlen(keys.outbox(name))
                pipeline.exists(keys.lease(name))
            answers = await pipeline.execute()
        found = zip(outboxes, answers[::2], answers[1::2], strict=True)
        return {name: events for name, events, leased in found if events or leased}

    async def dead_letters(self, outboxes: list[str]) -> Mapping[str, frozenset[str]]:
        """Return the mids among each outbox's dead letters."""
        async with self.client() as client:
            entries: dict[str, Any] = {name: await client.xrange(keys.dead(name)) for name in outboxes}
        return {name: frozenset(_mid(fields) for _id, fields in found) for name, found in entries.items()}

    async def _serves(self) -> bool:
        async with self.client() as client:
            try:
                return bool(await client.ping())
            except (RedisError, OSError):
                return False


def _mid(fields: dict[bytes, bytes]) -> str:
    mid: str = msgspec.json.decode(fields[b"d"])["message"]["mid"]
    return mid
