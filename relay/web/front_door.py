"""The front door: takes the plainest webhooks by itself, and leaves every other connection to aiohttp. No HTTP server.

Why it is there: nearly all that reaches a relay is one small form of request, and to read that form, to hand it on and
to answer it costs a fifth of what a general server takes for it (docs/benchmarks.md). The rule that keeps it small and
safe: whatever is not one plain request (`web.plain_request`) is not judged here. The connection then goes over to
aiohttp for good, together with every byte that has come, and ends with aiohttp's answer. But not before the head of a
request has come whole: aiohttp would wait for that as long as the caller likes.
"""

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import cast

from relay.web.answer import ACCEPTED, Answer
from relay.web.passage import Passage
from relay.web.plain_request import NotRead, PlainRequest, read_plain
from relay.web.reading_room import ReadingRoom
from relay.web.reception import BUSY, Reception, refuse

IDLE_S = 75.0
"""How long a connection may be kept without a request; the same as behind the door (shared.runtime)."""
REST_WITHIN_S = 1.0
"""How soon after its head a body must have come whole; then it is aiohttp's, which knows how long to wait at all."""
HEAD_WITHIN_S = 15.0
"""How long a head may take from its first byte; an honest one takes a round trip or two."""
MAX_PARTS_BYTES = 64 * 1024 * 1024
"""Of all requests together that have not come whole."""
MAX_PASSED_BYTES = 192 * 1024 * 1024
"""Of all that aiohttp is handed on connections that last: as much as the bodies may have that it reads (web.facebook).
Where it is all heads, aiohttp needs twice that."""
MAX_HEAD_KEPT_BYTES = 32 * 1024
"""Of a head that is still to come whole; a browser's, cookies included, has a few KiB."""
LOOK_AGAIN_S = 1.0
"""When to look again at a connection whose request takes longer than that."""

ProtocolFactory = Callable[[], asyncio.BaseProtocol]


class FrontDoor:
    """Makes the protocol of each new connection; fits `shared.runtime.Door`."""

    def __init__(self, reception: Reception, server: ProtocolFactory) -> None:
        """`server` makes aiohttp's protocol for a connection that is not for us."""
        self.reception = reception
        self.server = server
        self.connections: set[_Connection] = set()
        self.parts = ReadingRoom(MAX_PARTS_BYTES)
        self.passed = ReadingRoom(MAX_PASSED_BYTES)
        self._accepted = (0, b"")

    def __call__(self) -> asyncio.Protocol:
        """Make a connection's protocol."""
        return _Connection(self)

    async def close(self, timeout_s: float) -> None:
        """Close what is idle, and finish the requests under way, within `timeout_s`."""
        under_way = [task for connection in tuple(self.connections) if (task := connection.close()) is not None]
        if under_way:
            await asyncio.wait(under_way, timeout=timeout_s)
        for connection in tuple(self.connections):
            connection.abort()

    def written(self, answer: Answer) -> bytes:
        """Return an answer as it goes out; the one that nearly all get is written once in a second."""
        now = int(time.time())
        if answer is not ACCEPTED:
            return answer.as_bytes(date=formatdate(now, usegmt=True))
        if self._accepted[0] != now:
            self._accepted = (now, ACCEPTED.as_bytes(date=formatdate(now, usegmt=True)))
        return self._accepted[1]


class _Connection(asyncio.Protocol):
    """One connection, for as long as it brings plain webhooks only."""

    def __init__(self, door: FrontDoor) -> None:
        self._door = door
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self._answering: asyncio.Task[None] | None = None
        self._rest_timer: asyncio.TimerHandle | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._door.connections.add(self)
        self._active_at = self._loop.time()
        self._idle_timer = self._loop.call_later(IDLE_S, self._close_idle)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._answering is None:
            self._look()
        else:  # HTTP allows to send the next request before the answer (pipelining); Meta does not do it
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio names it
        self._forget()

    def pause_writing(self) -> None:
        """Give up a sender that asks hundreds of times and reads no answer."""
        self.abort()

    def close(self) -> asyncio.Task[None] | None:
        """Close the connection, after the request under way if there is one: return that."""
        self._closing = True
        if self._answering is None:
            self._transport.close()
        return self._answering

    def abort(self) -> None:
        """Drop the connection."""
        self._transport.abort()

    def _look(self) -> None:
        """Do what has come."""
        request = read_plain(self._received)
        if request is NotRead.HEAD:
            self._wait_for_head()
            return
        if request is NotRead.PART:
            self._wait_for_rest()
            return
        self._stop_waiting()
        if isinstance(request, PlainRequest):
            self._received = b""
            self._answering = self._loop.create_task(self._answer(request))
        else:
            self._hand_over()

    async def _answer(self, request: PlainRequest) -> None:
        answer = await self._door.reception.take(*request)
        self._answering = None
        self._active_at = self._loop.time()
        if self._transport.is_closing():
            return
        self._transport.write(self._door.written(answer))
        if self._closing:
            self._transport.close()
        elif self._received:
            self._transport.resume_reading()
            self._look()

    def _wait_for_head(self) -> None:
        """Wait, but not anew for every byte: whoever sends them one by one would keep the connection for ever."""
        if len(self._received) > MAX_HEAD_KEPT_BYTES:
            self._transport.close()
            return
        if self._head_timer is None:
            self._head_timer = self._loop.call_later(HEAD_WITHIN_S, self._transport.close)
        self._hold_part()

    def _wait_for_rest(self) -> None:
        """Wait for the rest of a body; not anew for every byte either."""
        if self._head_timer is not None:
            self._head_timer.cancel()
        if self._rest_timer is None:
            self._rest_timer = self._loop.call_later(REST_WITHIN_S, self._hand_over)
        self._hold_part()

    def _hold_part(self) -> None:
        self._door.parts.hold(self, len(self._received), give_up=self._give_up_part)

    def _give_up_part(self) -> None:
        """Make room for others: this one has had the longest time to come whole."""
        self._stop_waiting()
        self._received = b""
        self._transport.write(self._door.written(refuse(*BUSY)))
        self._transport.close()

    def _hand_over(self) -> None:
        self._forget()
        protocol = Passage(cast("asyncio.Protocol", self._door.server()), self._door.passed)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(self._received)

    def _close_idle(self) -> None:
        idle_s = self._loop.time() - self._active_at
        if self._answering is None and not self._received and idle_s >= IDLE_S:
            self._transport.close()
        else:
            self._idle_timer = self._loop.call_later(max(IDLE_S - idle_s, LOOK_AGAIN_S), self._close_idle)

    def _stop_waiting(self) -> None:
        if self._rest_timer is None and self._head_timer is None:  # all came in one piece, as nearly always
            return
        self._door.parts.leave(self)
        for timer in (self._rest_timer, self._head_timer):
            if timer is not None:
                timer.cancel()
        self._rest_timer = self._head_timer = None

    def _forget(self) -> None:
        self._door.connections.discard(self)
        self._idle_timer.cancel()
        self._stop_waiting()
