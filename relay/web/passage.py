"""What the front door hands to aiohttp, counted: a connection behind the door, as far as its memory goes. No HTTP.

aiohttp bounds one head, but not how many are begun, nor how long the rest of one is waited for: the head of a next
request, or the fields that may follow a body in chunks, a megabyte each. The rule: whatever a connection has brought
since it was handed over counts until the connection ends, and it ends with the first answer (`web.app`). So all
connections together are bounded, whatever their bytes mean.
"""

import asyncio
from typing import cast

from relay.web.reading_room import ReadingRoom


class Passage(asyncio.Protocol):
    """Stands between a connection and aiohttp's protocol for it."""

    def __init__(self, server: asyncio.Protocol, room: ReadingRoom) -> None:
        """`room` is that of all connections; whoever has to make room there is dropped."""
        self._server: asyncio.Protocol | None = server
        self._room = room
        self._came = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let aiohttp have the connection."""
        self._transport = cast("asyncio.Transport", transport)
        if self._server is not None:
            self._server.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Count what came, and hand it on."""
        self._came += len(data)
        self._room.hold(self, self._came, give_up=self._give_up)
        if self._server is not None:
            self._server.data_received(data)

    def eof_received(self) -> bool | None:
        """Hand it on."""
        return self._server.eof_received() if self._server is not None else None

    def pause_writing(self) -> None:
        """Hand it on."""
        if self._server is not None:
            self._server.pause_writing()

    def resume_writing(self) -> None:
        """Hand it on."""
        if self._server is not None:
            self._server.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no longer."""
        self._room.leave(self)
        server, self._server = self._server, None
        if server is not None:
            server.connection_lost(exc)

    def _give_up(self) -> None:
        """Drop the connection, and have aiohttp free what it holds now: the loop may have much to read first."""
        self._transport.abort()
        self.connection_lost(ConnectionAbortedError("too much was sent by all who have not got their answer"))
