"""One connection that sends requests written beforehand, raw HTTP/1.1, one under way at a time.

As cheap as Python allows, so that the harness is not what is measured: no HTTP library, no copy of a body, no task for
each request. When the next request leaves is for a subclass to say.
"""

import asyncio
import re
import time
from collections import Counter
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_END_OF_HEAD = b"\r\n\r\n"
_STATUS = slice(len(b"HTTP/1.1 "), len(b"HTTP/1.1 200"))


class Sender(asyncio.Protocol):
    """One kept connection."""

    def __init__(self, *, finished: asyncio.Future[None]) -> None:
        """`finished` is for a subclass to set when all is answered; it fails when the connection breaks before."""
        self.finished = finished
        self.statuses: Counter[str] = Counter()
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's inherit from nothing

    def send(self, request: bytes) -> None:
        """Send a request; the one before must have been answered."""
        self._transport.write(request)

    def answered(self, at: float) -> None:
        """React to a whole answer that came at this time by `time.monotonic`."""
        raise NotImplementedError

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not is_whole(self._answer):
            return
        self.statuses[self._answer[_STATUS].decode()] += 1
        self._answer = b""
        self.answered(time.monotonic())

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(exc or ConnectionError("the server closed the connection"))


def is_whole(answer: bytes) -> bool:
    """Whether the answer is complete. Raises ValueError when it does not say how long it is."""
    end = answer.find(_END_OF_HEAD)
    if end < 0:
        return False
    length = _LENGTH.search(answer, 0, end)
    if length is None:
        raise ValueError("the answer names no length")
    return len(answer) >= end + len(_END_OF_HEAD) + int(length[1])
