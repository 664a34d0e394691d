"""Facebook's media servers, simulated on this machine: real TLS, a resolver of their own, and whatever misbehaviour.

All names lead to one server; a test that wants another place says so in `leads_to`. What is served is bytes on the
wire, so that a test can serve what no well-behaved server would.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from onsite.adapters.downloads import Door
from shared.addresses import IPAddress, why_not_public
from tests.support.certificate import trusted
from tests.support.peer import peer

HOST = "scontent.xx.fbcdn.net"
TIMEOUT = aiohttp.ClientTimeout(total=2.0, connect=2.0, sock_read=1.0)

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def file(content: bytes, content_type: str = "application/octet-stream") -> Answer:
    """Serve a file."""
    return raw(b"HTTP/1.1 200 OK", content, f"Content-Type: {content_type}", f"Content-Length: {len(content)}")


def status(code: int, *headers: str) -> Answer:
    """Answer with a status and a short text."""
    return raw(f"HTTP/1.1 {code} Told".encode(), b"no", *headers, "Content-Length: 2")


def raw(first: bytes, body: bytes, *headers: str) -> Answer:
    """Answer with these bytes."""
    head = b"\r\n".join([first, *(each.encode() for each in headers), b"Connection: close", b"", b""])

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(head + body)
        await writer.drain()

    return say


def endless(*headers: str) -> Answer:
    """Serve a file that does not end."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(b"\r\n".join([b"HTTP/1.1 200 OK", *(each.encode() for each in headers), b"", b""]))
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    return say


def silent(first: bytes = b"") -> Answer:
    """Say so much, and nothing more."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        await writer.drain()
        await asyncio.Event().wait()

    return say


class Names(AbstractResolver):
    """Leads every name to one place."""

    def __init__(self) -> None:
        self.host, self.port = "127.0.0.1", 0

    async def resolve(
        self,
        host: str,
        port: int = 0,  # noqa: ARG002  the library's signature, as below
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        """Say where."""
        return [
            {"hostname": host, "host": self.host, "port": self.port, "family": family, "proto": 0, "flags": 0},
        ]

    async def close(self) -> None:
        """Hold nothing."""


class MediaHost:
    """What is served, by path, and what was asked for."""

    def __init__(self, names: Names) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        """Targets, with their queries."""
        self.heads: list[str] = []
        self._names = names

    def serve(self, path: str, answer: Answer) -> str:
        """Serve something from now on, and return its address."""
        self.answers[path] = answer
        return f"https://{HOST}{path}"

    def leads_to(self, address: str) -> None:
        """Have every name lead elsewhere."""
        self._names.host = address

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        target = head.split(" ", 2)[1]
        self.heads.append(head)
        self.asked.append(target)
        # An address with its query counts before its path alone: a signature may be over.
        answer = self.answers.get(target) or self.answers.get(target.partition("?")[0]) or status(404)
        await answer(writer)


def closed_door() -> Door:
    """Lead nowhere: what a test's customers send names hosts of Facebook's, which no test shall ask."""
    return Door(lambda _address: "an address outside of this test", Names())


def _inside(address: IPAddress) -> str | None:
    return None if str(address) == "127.0.0.1" else why_not_public(address)


@asynccontextmanager
async def media_host(folder: Path, *, limits: aiohttp.ClientTimeout = TIMEOUT) -> AsyncIterator[tuple[MediaHost, Door]]:
    """Run the servers; yields them and the door through which a site reaches them."""
    server_tls, client_tls = trusted(folder, "*.xx.fbcdn.net")
    names = Names()
    host = MediaHost(names)
    async with peer(host.handle, tls=server_tls) as address:
        names.port = int(address.rpartition(":")[2])
        yield host, Door(_inside, names, client_tls, limits)
