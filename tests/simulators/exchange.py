"""How one HTTP request becomes a call, meets its fault and gets its answer. The same for both platforms.

    request ─▶ ledger ─▶ fault before? ─▶ the platform carries it out ─▶ fault after? ─▶ answer, or a closed connection

What a platform says is decided in `Platform.answer`, which knows nothing of HTTP connections and nothing of faults.
"""

import asyncio
from typing import Protocol

from aiohttp import web

from shared.clock import Clock
from tests.simulators.faults import Answer, Fault, Faults
from tests.simulators.ledger import Call, Ledger
from tests.simulators.parameters import Parameters, read_parameters
from tests.simulators.waiting import first_of

MAX_BODY_BYTES = 64 * 1024 * 1024
"""More than either platform takes (Telegram: 50 MB), so that the platforms' own limits are what a client meets."""


class Platform(Protocol):
    """What a simulated platform is to its HTTP side."""

    def describe(self, call: Call, parameters: Parameters) -> None:
        """Name the call, take its token out of path and parameters, and decode what the platform decodes."""

    async def answer(self, call: Call) -> Answer:
        """Carry the call out, or refuse it, in the platform's own words."""


class Exchange:
    """Serves the requests of one simulator."""

    def __init__(self, platform: Platform, *, clock: Clock) -> None:
        self._platform = platform
        self._clock = clock
        self.closing = asyncio.Event()
        """Set while the server closes: whoever waits lets go."""
        self.ledger = Ledger()
        self.faults = Faults()

    def application(self) -> web.Application:
        """Build the aiohttp application; every address leads to the platform."""
        self.closing.clear()
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_route("*", "/{address:.*}", self._handle)
        return app

    def release(self) -> None:
        """Let every held call go on: the server closes."""
        self.closing.set()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        call = await self._open(request)
        try:
            answer = await self._carry_out(call)
        except Exception:
            # A mistake of the simulator's own: aiohttp logs it and answers 500; whoever waits must not hang.
            call.status = web.HTTPInternalServerError.status_code
            self.ledger.finish(call)
            raise
        if answer is None:
            return self._drop(request, call)
        call.status, call.answer = answer.status, answer.decoded()
        self.ledger.finish(call)
        return answer.response()

    async def _open(self, request: web.Request) -> Call:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        call = Call(
            name="",
            http_method=request.method,
            path=request.path,
            at=self._clock(),
            peer=tuple(peer[:2]) if peer else ("", 0),
            headers=request.headers,
        )
        parameters = await read_parameters(request)
        call.encoding, call.files, call.malformed = parameters.encoding, parameters.files, parameters.malformed
        self._platform.describe(call, parameters)
        self.ledger.open(call)
        return call

    async def _carry_out(self, call: Call) -> Answer | None:
        """Return what is answered; None drops the connection."""
        fault = self.faults.take(call)
        call.faulted = fault is not None
        if fault is not None and not fault.after_effect:
            await self._hold(fault)
            if fault.replaces_answer:
                call.effect = False
                return fault.answer
        answer = await self._platform.answer(call)
        call.effect = answer.status < web.HTTPBadRequest.status_code
        if fault is not None and fault.after_effect:
            self.ledger.changed(call)
            await self._hold(fault)
            if fault.replaces_answer:
                return fault.answer
        return answer

    async def _hold(self, fault: Fault) -> None:
        if fault.hold is not None:
            await first_of(fault.hold.wait(), self.closing.wait())

    def _drop(self, request: web.Request, call: Call) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.close()
        self.ledger.finish(call)
        return web.Response()
