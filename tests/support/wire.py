"""A wire to a server that can be cut: a TCP proxy in the test's loop, for what a healthy network never does.

It passes bytes on until a test says otherwise, and does not understand what it carries.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.peer import peer

CHUNK = 64 * 1024


class Wire:
    """What happens to the connections through it. A change holds for those there are and those to come."""

    def __init__(self) -> None:
        self.address = ""
        """Host and port of our end."""
        self.connections = 0
        """How many there were until now."""
        self.requests_left: int | None = None
        """How many bytes may still go to the server, all connections together, before one breaks; then it is None."""
        self.swallows = 0
        """How many answers are still kept from whoever waits for them: the connection breaks instead."""
        self._flows = asyncio.Event()
        self._flows.set()
        self._clients: set[asyncio.StreamWriter] = set()

    def hang(self) -> None:
        """Take everything and pass nothing on."""
        self._flows.clear()

    def flow(self) -> None:
        """Pass everything on, and what was held back before."""
        self._flows.set()

    def cut(self) -> None:
        """Break every connection there is."""
        for client in tuple(self._clients):
            client.transport.abort()

    async def carry(self, server: Path, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        """Carry one connection to its end."""
        self.connections += 1
        answers, requests = await asyncio.open_unix_connection(server)
        self._clients.add(client)
        ways = [asyncio.create_task(self._go(reader, requests)), asyncio.create_task(self._come(answers, client))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._clients.discard(client)
            client.transport.abort()
            requests.close()

    async def _go(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            await self._flows.wait()
            if self.requests_left is None:
                server.write(data)
            elif len(data) < self.requests_left:
                self.requests_left -= len(data)
                server.write(data)
            else:
                server.write(data[: self.requests_left])
                self.requests_left = None
                return
            await server.drain()

    async def _come(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            await self._flows.wait()
            if self.swallows:
                self.swallows -= 1
                return
            client.write(data)
            await client.drain()


@asynccontextmanager
async def wire_to(server: Path) -> AsyncIterator[Wire]:
    """Lead a wire to a server's Unix socket."""
    wire = Wire()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await wire.carry(server, reader, writer)

    async with peer(carry) as wire.address:
        yield wire
