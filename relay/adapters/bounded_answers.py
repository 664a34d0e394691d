"""Bounds what a site's answer may bring, so that no answer can keep the event loop from everybody else.

aiohttp bounds each line and the number of headers, and a reader can bound the body. But it reads any number of interim
answers (`100 Continue`) before the real one, without ever letting go of the event loop while they keep coming, and an
endless chunk extension is no part of any body. So the bytes are counted where they come in, and interim answers too.

The library has no public place for a protocol of one's own. What is not public of it is in this file alone;
`tests/unit/relay/adapters/test_push_hostile.py` notices when it is not used any more.
"""

import asyncio
from functools import partial
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_parser import RawResponseMessage

from relay.core.answers import MAX_ANSWER_BYTES

MAX_RECEIVED_BYTES = 2 * MAX_ANSWER_BYTES
"""Of one answer, headers and framing included. A body that is too long is cut off by its reader before."""
MAX_INTERIM = 8
"""Answers of the class 1xx before the real one (RFC 9110, section 15.2); an honest server sends one or two."""
SLICE_BYTES = 4096
"""What is parsed before the bounds are looked at again: some 160 of the shortest answers, a few milliseconds."""

_FIRST_FINAL = 200


class AnswerWithoutEnd(aiohttp.ClientPayloadError):
    """The answer brings more than an answer may."""


class KeptConnectionClosed(aiohttp.ServerDisconnectedError):
    """A connection that had served before was closed before one byte of this answer came."""


class BoundedAnswers(ResponseHandler):
    """aiohttp's protocol of a client connection, which ends it when an answer goes beyond the bounds."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._received = 0
        self._interim = 0
        self._requests = 0

    def set_response_params(self, **params: Any) -> None:
        """Begin to count anew: the library calls this before each request."""
        self._received = self._interim = 0
        self._requests += 1
        super().set_response_params(**params)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """End the answer with an error: here alone it is known whether the connection is to blame, or the site."""
        lost = isinstance(exc, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)
        if lost and self._requests > 1 and not self._received:
            exc = KeptConnectionClosed()
        super().set_exception(exc, *cause)

    def data_received(self, data: bytes) -> None:
        """Take what came, a slice at a time."""
        self._received += len(data)
        if len(data) <= SLICE_BYTES:
            super().data_received(data)  # also the empty data by which the library goes on with what it has
            self._refuse_if_beyond()
            return
        for start in range(0, len(data), SLICE_BYTES):
            super().data_received(data[start : start + SLICE_BYTES])
            if self._refuse_if_beyond():
                return

    def feed_data(self, data: tuple[RawResponseMessage, aiohttp.StreamReader], size: int = 0) -> None:
        """Take an answer's head out of the parser."""
        self._interim += data[0].code < _FIRST_FINAL
        super().feed_data(data, size)

    def _refuse_if_beyond(self) -> bool:
        if self._received <= MAX_RECEIVED_BYTES and self._interim <= MAX_INTERIM:
            return False
        if self.transport is not None:
            self.set_exception(AnswerWithoutEnd("the answer has no end"))
            self.transport.abort()
        return True


def bound_answers(connector: aiohttp.BaseConnector) -> None:
    """Have all further connections of a connector use the bounds; to be called in its event loop."""
    new_protocol: Any = partial(BoundedAnswers, loop=asyncio.get_running_loop())
    connector._factory = new_protocol  # noqa: SLF001  see above
