"""The relay's front door on a real socket, with aiohttp behind it, and callers who speak bytes."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress

from aiohttp import web
from pydantic import SecretStr

from relay.core.webhook import Incoming
from relay.engine.intake import Intake
from relay.engine.ports import Appended
from relay.engine.routing import Routing
from relay.engine.writer import AppendWriter
from relay.web import front_door
from relay.web.app import build_app
from relay.web.facebook import FacebookRoutes
from relay.web.front_door import FrontDoor
from relay.web.reception import Reception
from shared.runtime import listening
from tests.support import facebook
from tests.support.clock import ManualClock, Pauses
from tests.support.fakes import FakeShelf, tokens
from tests.support.memory_changes import MemoryChanges
from tests.support.memory_outboxes import MemoryOutboxes
from tests.support.waiting import soon

HOST = "127.0.0.1"


def request_of(body: bytes, *more: str, **headers: str) -> bytes:
    """Write a webhook as Meta does."""
    fields = {"Host": HOST, "Content-Length": str(len(body)), **facebook.signed(body), **headers}
    lines = ["POST /facebook/webhook HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), *more]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Slow(MemoryOutboxes):
    """A store that answers when it may."""

    def __init__(self) -> None:
        super().__init__(ManualClock())
        self.bindings = {"1": "acme"}
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def append(self, groups: Mapping[str, Sequence[Incoming]], *, token: str) -> Mapping[str, Appended]:
        self.asked.set()
        await self.may_answer.wait()
        return await super().append(groups, token=token)


class Caller:
    """One connection to the relay."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Read one answer: status, head, body."""
        head = (await soon(self._reader.readuntil(b"\r\n\r\n"))).decode()
        line, *fields = head.strip().split("\r\n")
        named = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
        body = await soon(self._reader.readexactly(int(named["content-length"])))
        return int(line.split(" ")[1]), named, body

    async def status(self) -> int:
        return (await self.answer())[0]

    async def is_closed(self) -> bool:
        """Whether the other side closes, without another word."""
        return await soon(self._reader.read()) == b""

    async def is_dropped(self) -> bool:
        """Whether the other side drops the connection without an answer."""
        try:
            return await self.is_closed()
        except ConnectionResetError:
            return True

    def hang_up(self) -> None:
        self._writer.transport.abort()

    async def close(self) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


class Bench:
    """The door, aiohttp behind it, and the store behind both."""

    def __init__(self) -> None:
        self.store = Slow()
        self.to_aiohttp, self.handed_over = 0, asyncio.Event()
        writer = AppendWriter(self.store, new_token=tokens(), on_lease=lambda _outbox, _token: None)
        intake = Intake(Routing(self.store), writer, FakeShelf(), MemoryChanges(ManualClock()), sleep=Pauses())
        self.reception = Reception(intake, app_secret=SecretStr(facebook.APP_SECRET))
        self.app = build_app([FacebookRoutes(self.reception, verify_token=SecretStr(facebook.VERIFY_TOKEN)), self])
        self.stack, self.callers = AsyncExitStack(), AsyncExitStack()
        self.port = 0

    def add_to(self, app: web.Application) -> None:
        """Register a route that is no webhook."""
        app.router.add_get("/hello", self.hello)

    async def hello(self, _request: web.Request) -> web.Response:
        return web.Response(text="hello")

    def door_of(self, server: front_door.ProtocolFactory) -> FrontDoor:
        def counted() -> asyncio.BaseProtocol:
            self.to_aiohttp += 1
            self.handed_over.set()
            return server()

        self.door = FrontDoor(self.reception, counted)
        return self.door

    async def reopen(self) -> None:
        """Open anew, with limits that have changed."""
        await self.stack.aclose()
        await self.open()

    async def is_passed(self, size: int) -> bool:
        """Whether aiohttp was handed as many bytes on the connections that last."""
        return self.door.passed.taken == size

    async def holds(self, size: int) -> bool:
        """Whether the door holds as many bytes of requests that have not come whole."""
        return self.door.parts.taken == size

    async def open(self) -> None:
        server = listening(self.app, host=HOST, port=0, door_of=self.door_of)
        self.port = await self.stack.enter_async_context(server)

    async def call(self) -> Caller:
        caller = Caller(*await soon(asyncio.open_connection(HOST, self.port)))
        self.callers.push_async_callback(caller.close)
        return caller
