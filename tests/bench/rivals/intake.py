"""Every rival's web process: checks a webhook as the relay does, and makes a job of each event."""

import itertools
import time
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from pydantic import SecretStr

from relay.core.webhook import MAX_BODY_BYTES, SIGNATURE_HEADER, split, verify_signature
from shared.runtime import listening, stop_event
from tests.bench.rivals.job import Job
from tests.bench.traffic import APP_SECRET, WEBHOOK_PATH

Enqueue = Callable[[Sequence[Job]], Awaitable[None]]
"""Enqueues the jobs of one body, in order; when it returns, they are in Redis."""


class Intake:
    """Takes webhooks."""

    def __init__(self, enqueue: Enqueue, site_url: str) -> None:
        self._enqueue = enqueue
        self._site_url = site_url
        self._secret = SecretStr(APP_SECRET)
        self._started_ms = round(time.time() * 1000)
        self._numbers = itertools.count(10**9)  # of one length: arq orders what came in one millisecond as text

    async def receive(self, request: web.Request) -> web.Response:
        """Accept a body: the jobs of its events are in Redis when this answers."""
        body = await request.read()
        verify_signature(request.headers.get(SIGNATURE_HEADER), body, app_secret=self._secret)
        await self._enqueue(
            [
                Job(self._site_url, item.page_id, self._next_id(), item.kind, item.payload.decode())
                for item in split(body).items
            ]
        )
        return web.Response(text="ok")

    def _next_id(self) -> str:
        return f"{self._started_ms}-{next(self._numbers)}"


async def ready(_request: web.Request) -> web.Response:
    """Answer."""
    return web.Response(text="ready")


async def serve(enqueue: Enqueue, *, port: int, site_url: str) -> None:
    """Serve until SIGTERM."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_get("/readyz", ready)
    app.router.add_post(WEBHOOK_PATH, Intake(enqueue, site_url).receive)
    stop = stop_event()
    async with listening(app, host="127.0.0.1", port=port):
        await stop.wait()
