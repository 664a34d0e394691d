"""A wire to a server that can be cut: a TCP proxy in the test's loop, for what a healthy network never does.

It passes bytes on until a test says otherwise, and does not understand what it carries.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast


class Wire:
    """What happens to the connections through it. A change holds for those there are and those to come."""

    def __init__(self, server: Path) -> None:
        """`server` is the Unix socket that the wire leads to."""
        self.address = ""
        """Host and port of our end."""
        self.server = server
        self.flows = True
        self.requests_left = -1
        """How many bytes may still go to the server, all connections together, before one breaks; below 0 all may."""
        self.swallows = 0
        """How many answers are still kept from whoever waits for them: the connection breaks instead."""
        self.broke = asyncio.Event()
        """Set whenever the wire broke a connection."""
        self.ends: set[_End] = set()

    async def break_after(self, requested: int) -> None:
        """Break a connection when so many bytes went to the server, and return when it is broken."""
        self.requests_left = requested
        await self._has_broken()

    async def swallow(self) -> None:
        """Break a connection when its answer comes, and return when it is broken."""
        self.swallows += 1
        await self._has_broken()

    def hang(self) -> None:
        """Take everything and pass nothing on."""
        self.flows = False
        for end in self.ends:
            end.transport.pause_reading()

    def flow(self) -> None:
        """Pass everything on, and what was held back before."""
        self.flows = True
        for end in self.ends:
            end.transport.resume_reading()

    def cut(self) -> None:
        """Break every connection there is."""
        for end in tuple(self.ends):
            end.transport.abort()

    async def _has_broken(self) -> None:
        self.broke.clear()
        await self.broke.wait()


class _End(asyncio.Protocol):
    """One end of a connection: what comes here goes to the other one."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.other: _End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.wire.ends.add(self)
        if not self.wire.flows:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio names it
        self.wire.ends.discard(self)
        if self.other is not None:
            self.other.transport.abort()

    def pass_on(self, data: bytes) -> None:
        """Write to the other end."""
        if self.other is not None:
            self.other.transport.write(data)

    def break_off(self) -> None:
        """End the connection, but let the other end have what was written to it."""
        self.transport.abort()
        self.wire.broke.set()


class _Caller(_End):
    """Our end."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.pause_reading()
        self._connecting = asyncio.create_task(self._connect())

    def data_received(self, data: bytes) -> None:
        left = self.wire.requests_left
        if 0 <= left < len(data):
            self.wire.requests_left = -1
            self.pass_on(data[:left])
            self.break_off()
            return
        self.wire.requests_left = left - len(data) if left >= 0 else left
        self.pass_on(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio names it
        self.wire.ends.discard(self)
        self._connecting.cancel()
        if self.other is not None:
            self.other.transport.close()  # what was written on its behalf still arrives

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, answering = await loop.create_unix_connection(lambda: _Server(self.wire, self), str(self.wire.server))
        except OSError:
            self.transport.abort()
            return
        self.other = answering
        if self.wire.flows:
            self.transport.resume_reading()


class _Server(_End):
    """The server's end."""

    def __init__(self, wire: Wire, caller: _Caller) -> None:
        super().__init__(wire)
        self.other = caller

    def data_received(self, data: bytes) -> None:
        if self.wire.swallows and self.other is not None:
            self.wire.swallows -= 1
            self.other.break_off()
            return
        self.pass_on(data)


@asynccontextmanager
async def wire_to(server: Path) -> AsyncIterator[Wire]:
    """Lead a wire to a server's Unix socket."""
    wire = Wire(server)
    listener = await asyncio.get_running_loop().create_server(lambda: _Caller(wire), "127.0.0.1", 0)
    wire.address = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        listener.close()
        wire.cut()
        await listener.wait_closed()
