"""The sites, all in one process: verify nothing, keep what came, answer a right receipt. Not an on-site client.

POST /relay/events            a batch, as the relay sends it
PUT  /bench/expect/{events}   forget everything, wait for so many different events
GET  /bench/complete          200 with the time by `time.monotonic` when they are all there, 204 after LOOK_S without
GET  /bench/arrivals          every event in the order of coming: [[site, event id, mid, time by `time.monotonic`], …]

An event's time is taken when its batch has been read and noted: where the real on-site client would have committed it.
"""

import asyncio
import ssl
import sys
import time
from collections.abc import Sequence

import msgspec
from aiohttp import web

from shared.runtime import run_async, stop_event
from shared.wire import EVENTS_PATH, MAX_BATCH_BYTES, Receipt, encode_receipt
from tests.bench.processes.loopback import serving

LOOK_S = 1.0
"""How long a question for the last event is kept waiting; bounds how long the process takes to stop."""


class _Message(msgspec.Struct):
    mid: str


class _Payload(msgspec.Struct):
    message: _Message


class _Event(msgspec.Struct):
    id: str
    payload: _Payload


class _Batch(msgspec.Struct):
    site: str
    events: list[_Event]


_decode = msgspec.json.Decoder(_Batch).decode


class Came:
    """What came so far, and whether that is all."""

    def __init__(self, *, expected: int) -> None:
        self.arrivals: list[tuple[str, str, str, float]] = []
        self.batches = 0
        self.complete = asyncio.Event()
        self.complete_at = 0.0
        self._expected = expected
        self._different: set[tuple[str, str]] = set()

    def take(self, batch: _Batch) -> None:
        """Note a batch, and the time when it was the last one needed."""
        self.batches += 1
        at = time.monotonic()
        for event in batch.events:
            self.arrivals.append((batch.site, event.id, event.payload.message.mid, at))
            self._different.add((batch.site, event.id))
        if len(self._different) >= self._expected and not self.complete.is_set():
            self.complete_at = time.monotonic()
            self.complete.set()


class Sites:
    """The routes."""

    def __init__(self) -> None:
        self._came = Came(expected=0)

    def add_to(self, app: web.Application) -> None:
        """Register them."""
        app.router.add_get("/readyz", self.ready)
        app.router.add_post(EVENTS_PATH, self.take)
        app.router.add_put("/bench/expect/{events}", self.expect)
        app.router.add_get("/bench/complete", self.complete)
        app.router.add_get("/bench/arrivals", self.arrivals)

    async def ready(self, _request: web.Request) -> web.Response:
        return web.Response(text="ready")

    async def take(self, request: web.Request) -> web.Response:
        batch = _decode(await request.read())
        self._came.take(batch)
        return web.Response(body=encode_receipt(Receipt(len(batch.events))), content_type="application/json")

    async def expect(self, request: web.Request) -> web.Response:
        self._came = Came(expected=int(request.match_info["events"]))
        return web.Response(status=204)

    async def complete(self, _request: web.Request) -> web.Response:
        came = self._came
        try:
            await asyncio.wait_for(came.complete.wait(), LOOK_S)
        except TimeoutError:
            return web.Response(status=204)
        return web.json_response({"complete_at": came.complete_at, "batches": came.batches})

    async def arrivals(self, _request: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(self._came.arrivals), content_type="application/json")


async def serve(ports: Sequence[int], certificate: str | None) -> None:
    """Serve until SIGTERM: at the first port in the clear, at the others by TLS where there is a certificate."""
    app = web.Application(client_max_size=MAX_BATCH_BYTES)
    Sites().add_to(app)
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    stop = stop_event()
    async with serving(app, ports[:1]), serving(app, ports[1:], tls=tls):
        await stop.wait()


def main() -> None:
    """Serve as the arguments say: ports with commas between them, and the file of a certificate and its key."""
    ports, *certificate = sys.argv[1:]
    run_async(serve(list(map(int, ports.split(","))), certificate[0] if certificate else None))


if __name__ == "__main__":
    main()
