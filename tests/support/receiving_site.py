"""A site as the relay meets it: a real HTTP server that trusts nobody and keeps what it was sent.

It verifies with the independent `standardwebhooks` library and reads with the standard JSON decoder, so that it shares
no code with the relay. It can be down (no listener), silent (never answers), or answer whatever a test wants.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from shared.wire import KIND_MESSAGING
from tests.support.waiting import DEADLINE_S

Answer = Callable[["Batch"], web.StreamResponse]


@dataclass(frozen=True)
class Batch:
    """One push that carried a valid signature."""

    message_id: str
    headers: dict[str, str]
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        """Its events."""
        events: list[dict[str, Any]] = json.loads(self.body)["events"]
        return events


def receipt(batch: Batch) -> web.StreamResponse:
    """Take everything."""
    return web.json_response({"accepted": len(batch.events)})


def status(code: int, **headers: str) -> Answer:
    """Answer with this status and nothing else."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _batch: web.Response(status=code, headers=fields)


class ReceivingSite:
    """One site; `async with` makes it listen."""

    def __init__(self, secret: str, answers: Iterable[Answer] = ()) -> None:
        """`answers` are given first, one for each push; afterwards it takes everything."""
        self.batches: list[Batch] = []
        self.refused: list[str] = []
        """Why a push carried no valid signature."""
        self.answers = list(answers)
        self.silent = False
        self.asked = asyncio.Event()
        """Set with each push, valid or not."""
        self._peers: set[object] = set()
        self._secret = secret
        self._came = asyncio.Condition()
        self._awake = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Its public address; stays the same while it is down."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def connections(self) -> int:
        """How many connections pushes came over."""
        return len(self._peers)

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        server = None if self._runner is None else self._runner.server
        return 0 if server is None else len(server.connections)

    @property
    def secret(self) -> str:
        """What it verifies with; settable, as a site learns its secret after its address is known."""
        return self._secret

    @secret.setter
    def secret(self, value: str) -> None:
        self._secret = value

    @property
    def texts(self) -> list[str]:
        """The texts of all messages it took, in the order they came."""
        events = [event for batch in self.batches for event in batch.events if event["kind"] == KIND_MESSAGING]
        return [event["payload"]["message"]["text"] for event in events]

    async def __aenter__(self) -> Self:
        """Listen."""
        await self.come_up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop listening."""
        await self.go_down()

    async def come_up(self) -> None:
        """Listen, on the same port as before if there was one."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/relay/events", self._receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def go_down(self) -> None:
        """Take no connections any more."""
        self.wake()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def wake(self) -> None:
        """Let those be answered who were kept waiting."""
        self._awake.set()
        self._awake = asyncio.Event()

    async def has(self, count: int) -> None:
        """Wait until it took so many events. Raises TimeoutError."""
        async with asyncio.timeout(DEADLINE_S), self._came:
            await self._came.wait_for(lambda: sum(len(batch.events) for batch in self.batches) >= count)

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        self.asked.set()
        self._peers.add(request.transport.get_extra_info("peername") if request.transport else None)
        body = await request.read()
        try:
            Webhook(self._secret).verify(body.decode(), dict(request.headers))
        except WebhookVerificationError as error:
            self.refused.append(str(error))
            return web.Response(status=401)
        if self.silent:
            await self._awake.wait()
        batch = Batch(request.headers["webhook-id"], dict(request.headers), body)
        answer = self.answers.pop(0) if self.answers else receipt
        response = answer(batch)
        if response.status == web.HTTPOk.status_code:
            async with self._came:
                self.batches.append(batch)
                self._came.notify_all()
        return response
