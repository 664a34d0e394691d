"""As much of an HTTP/1.1 server as a light site needs, so that a dozen of them start within a second. No library.

It reads a request with a Content-Length, tells while it waits whether the client has gone, and writes an answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

MAX_HEAD = 64 * 1024


@dataclass(frozen=True)
class Request:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Write it as it goes over the wire."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


class Connection:
    """One client's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def request(self) -> Request | None:
        """Read the next request; None when the client is done. Raises IncompleteReadError when it breaks off."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *rest = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, path, _version = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return Request(method, path, headers, body)

    async def answer(self, answer: Answer) -> bool:
        """Send an answer; returns whether the client was still there to get it."""
        if self._reader.at_eof() or self._writer.is_closing():
            return False
        self._writer.write(answer.encode())
        await self._writer.drain()
        return True

    async def gone_before(self, signal: asyncio.Event, within_s: float | None) -> bool:
        """Wait until the client closes, `signal` is set or the time is over; returns whether the client has gone."""
        watch = {asyncio.ensure_future(self._reader.read(1)), asyncio.ensure_future(signal.wait())}
        try:
            await asyncio.wait(watch, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in watch:
                task.cancel()
            await asyncio.gather(*watch, return_exceptions=True)
        return self._reader.at_eof()


Handler = Callable[[Connection, Request], Awaitable[bool]]
"""Treats a request; returns whether the connection stays open."""


async def listen(port: int, handle: Handler) -> asyncio.Server:
    """Listen on this port of the loopback."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        try:
            while (request := await connection.request()) is not None and await handle(connection, request):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", port, limit=MAX_HEAD)
