"""The front door on real sockets: what it takes, what it leaves to aiohttp, and how it stops."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial

import pytest
from aiohttp import web
from pydantic import SecretStr
from structlog.testing import capture_logs

from relay.core.errors import StoreUnavailable
from relay.core.webhook import Incoming
from relay.engine.intake import Intake
from relay.engine.ports import Appended
from relay.engine.routing import Routing
from relay.engine.writer import AppendWriter
from relay.web import front_door
from relay.web.answer import ACCEPTED, Answer
from relay.web.app import build_app
from relay.web.facebook import FacebookRoutes
from relay.web.front_door import FrontDoor
from relay.web.plain_request import NotRead, PlainRequest, read_plain
from relay.web.reception import Reception
from shared import runtime
from shared.runtime import listening
from tests.support import facebook
from tests.support.clock import ManualClock, Pauses
from tests.support.fakes import FakeShelf, tokens
from tests.support.memory_changes import MemoryChanges
from tests.support.memory_outboxes import MemoryOutboxes
from tests.support.waiting import process_does, soon

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


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    await bench.open()
    async with bench.callers:
        yield bench
    await soon(bench.stack.aclose())


class TestTakes:
    async def test_webhooks_one_after_the_other_on_a_kept_connection(self, bench: Bench) -> None:
        caller = await bench.call()
        for number in range(3):
            caller.send(request_of(facebook.messages("1", str(number))))
            status, head, body = await caller.answer()
            assert (status, body) == (200, b"ok")
            assert head["content-type"] == "text/plain; charset=utf-8"
            assert head["date"].endswith(" GMT")

        assert len(bench.store.payloads("acme")) == 3
        assert bench.to_aiohttp == 0

    async def test_a_forged_one_is_refused_in_the_words_of_aiohttps_door(self, bench: Bench) -> None:
        body, forged = facebook.messages("1", "a"), {"X-Hub-Signature-256": "sha256=" + "0" * 64}
        plain, odd = await bench.call(), await bench.call()
        plain.send(request_of(body, **forged))
        odd.send(request_of(body, "X-Note: caf\u00e9", **forged))
        ours, theirs = await plain.answer(), await odd.answer()

        assert bench.to_aiohttp == 1
        assert ours[0] == theirs[0] == 403
        assert ours[2] == theirs[2]
        assert ours[1]["content-type"] == theirs[1]["content-type"]
        assert bench.store.calls == []

    async def test_a_store_that_is_away_is_a_503_and_the_connection_stays(self, bench: Bench) -> None:
        caller = await bench.call()
        bench.store.broken = True
        caller.send(request_of(facebook.messages("1", "a")))
        status, head, _ = await caller.answer()
        bench.store.broken = False
        caller.send(request_of(facebook.messages("1", "a")))

        assert (status, head["retry-after"]) == (503, "2")
        assert await caller.status() == 200
        assert bench.to_aiohttp == 0

    async def test_a_bug_is_a_500_with_a_log_line_and_the_connection_stays(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_name: str) -> None:
            raise KeyError("a bug")

        caller = await bench.call()
        monkeypatch.setattr(bench.store, "before_call", fail)
        with capture_logs() as logs:
            caller.send(request_of(facebook.messages("1", "a")))
            assert await caller.status() == 500
        monkeypatch.undo()
        caller.send(request_of(facebook.messages("1", "a")))

        assert "webhook_failed" in [line["event"] for line in logs]
        assert await caller.status() == 200

    async def test_a_body_that_comes_after_its_head(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        parts: list[bytes] = []
        seen = asyncio.Event()

        def noticing(data: bytes) -> PlainRequest | NotRead:
            parts.append(data)
            seen.set()
            return read_plain(data)

        monkeypatch.setattr(front_door, "read_plain", noticing)
        caller = await bench.call()
        data = request_of(facebook.messages("1", "a"))
        head = data.index(b"\r\n\r\n") + 4
        for piece in (data[:head], data[head : head + 10], data[head + 10 :]):
            seen.clear()
            caller.send(piece)
            await soon(seen.wait())

        assert await caller.status() == 200
        assert parts == [data[:head], data[: head + 10], data]
        assert bench.to_aiohttp == 0


class TestLeavesToAiohttp:
    async def test_everything_that_is_no_webhook(self, bench: Bench) -> None:
        caller = await bench.call()
        caller.send(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")

        assert (await caller.answer())[2] == b"hello"
        assert bench.to_aiohttp == 1

    async def test_a_connection_that_changes_its_mind_and_comes_back(self, bench: Bench) -> None:
        caller = await bench.call()
        for data in (
            request_of(facebook.messages("1", "a")),
            b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n",
            request_of(facebook.messages("1", "b")),
        ):
            caller.send(data)
            assert await caller.status() == 200

        assert bench.to_aiohttp == 1
        assert len(bench.store.payloads("acme")) == 2

    async def test_a_head_in_pieces(self, bench: Bench) -> None:
        caller = await bench.call()
        data = request_of(facebook.messages("1", "a"))
        caller.send(data[:40])
        other = await bench.call()
        other.send(data)
        assert await other.status() == 200  # so the first piece of the other was read by now
        caller.send(data[40:])

        assert await caller.status() == 200
        assert bench.to_aiohttp == 0

    async def test_a_body_that_takes_its_time(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(front_door, "REST_WITHIN_S", 0.01)
        caller = await bench.call()
        data = request_of(facebook.messages("1", "a"))
        caller.send(data[:-5])
        await soon(bench.handed_over.wait())
        caller.send(data[-5:])

        assert await caller.status() == 200

    async def test_two_requests_at_once_are_answered_in_their_order(self, bench: Bench) -> None:
        caller = await bench.call()
        caller.send(request_of(facebook.messages("1", "a")) + request_of(b"{"))

        assert [await caller.status(), await caller.status()] == [200, 400]
        assert bench.to_aiohttp == 1

    @pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00\x01", b"\r\n\r\n\r\n", b"POST\r\n\r\n", b"\x00" * 70_000])
    async def test_what_is_no_http_at_all(self, bench: Bench, data: bytes) -> None:
        caller = await bench.call()
        caller.send(data)
        other = await bench.call()
        other.send(request_of(facebook.messages("1", "a")))

        assert await other.status() == 200
        caller.hang_up()


class TestWhileOneIsUnderWay:
    async def test_the_next_waits_its_turn(self, bench: Bench) -> None:
        caller = await bench.call()
        bench.store.may_answer.clear()
        caller.send(request_of(facebook.messages("1", "a")))
        await soon(bench.store.asked.wait())
        caller.send(request_of(b"{"))
        caller.send(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
        bench.store.may_answer.set()

        assert [await caller.status() for _ in range(3)] == [200, 400, 200]

    async def test_a_caller_who_hangs_up_costs_no_event_and_no_error(self, bench: Bench) -> None:
        caller = await bench.call()
        bench.store.may_answer.clear()
        caller.send(request_of(facebook.messages("1", "a")))
        await soon(bench.store.asked.wait())
        with capture_logs() as logs:
            caller.hang_up()
            bench.store.may_answer.set()
            other = await bench.call()
            other.send(request_of(facebook.messages("1", "b")))
            assert await other.status() == 200

        assert len(bench.store.payloads("acme")) == 2
        assert logs == []


class TestStops:
    async def test_an_idle_connection_is_closed_at_once(self, bench: Bench) -> None:
        fresh, used = await bench.call(), await bench.call()
        used.send(request_of(facebook.messages("1", "a")))
        assert await used.status() == 200
        await soon(bench.stack.aclose())

        assert await fresh.is_closed()
        assert await used.is_closed()

    async def test_a_request_under_way_is_finished_first(self, bench: Bench) -> None:
        caller = await bench.call()
        bench.store.may_answer.clear()
        caller.send(request_of(facebook.messages("1", "a")))
        await soon(bench.store.asked.wait())
        stopping = asyncio.ensure_future(bench.stack.aclose())
        await asyncio.sleep(0)
        assert not stopping.done()
        bench.store.may_answer.set()

        assert await caller.status() == 200
        assert await caller.is_closed()
        await soon(stopping)

    async def test_a_store_that_hangs_does_not_hold_it_for_ever(self, bench: Bench) -> None:
        door = FrontDoor(bench.reception, asyncio.Protocol)
        server = await asyncio.get_running_loop().create_server(door, HOST, 0)
        bench.port = server.sockets[0].getsockname()[1]
        caller = await bench.call()
        bench.store.may_answer.clear()
        caller.send(request_of(facebook.messages("1", "a")))
        await soon(bench.store.asked.wait())
        server.close()
        await soon(door.close(0.01))

        assert await caller.is_closed()
        bench.store.may_answer.set()


class TestGivesUp:
    async def test_a_connection_that_stays_silent(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(front_door, "IDLE_S", 0.02)
        caller = await bench.call()

        assert await caller.is_closed()

    @pytest.mark.parametrize("begun", [b"POST /facebook/webhook HTTP/1.1\r\nHo", b"GET /hello HTTP/1.1\r\n", b"\r\n"])
    async def test_a_head_that_never_comes_whole(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch, begun: bytes
    ) -> None:
        monkeypatch.setattr(front_door, "HEAD_WITHIN_S", 0.02)
        caller = await bench.call()
        caller.send(begun)

        assert await caller.is_closed()
        assert bench.to_aiohttp == 0

    async def test_a_head_that_comes_byte_by_byte(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(front_door, "HEAD_WITHIN_S", 0.1)
        caller = await bench.call()

        async def drip() -> None:
            while True:
                caller.send(b"A")
                await asyncio.sleep(0.005)  # byte by byte: that is what is tested

        dripping = asyncio.create_task(drip())
        with suppress(ConnectionError):  # the byte that comes after the end may be answered with a reset
            assert await caller.is_closed()
        dripping.cancel()

    @pytest.mark.parametrize(
        "begun",
        [
            pytest.param(request_of(b"x" * 30_000)[:-1], id="a body"),
            pytest.param(b"POST /facebook/webhook HTTP/1.1\r\nX-Fill: " + b"x" * 30_000, id="a head"),
        ],
    )
    async def test_what_has_not_come_whole_longest_when_there_is_too_much_of_it(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch, begun: bytes
    ) -> None:
        monkeypatch.setattr(front_door, "REST_WITHIN_S", 3600)
        monkeypatch.setattr(front_door, "MAX_PARTS_BYTES", 70_000)
        await bench.reopen()
        honest = request_of(facebook.messages("1", "a"))
        first, second, third, late = [await bench.call() for _ in range(4)]
        for caller, held in ((first, len(begun)), (second, 2 * len(begun)), (third, 2 * len(begun))):
            caller.send(begun)
            await process_does(partial(bench.holds, held))
        late.send(honest[:-5])

        assert await first.status() == 503
        assert await first.is_closed()
        late.send(honest[-5:])
        assert await late.status() == 200
        second.hang_up()
        third.hang_up()
        await process_does(partial(bench.holds, 0))

    async def test_a_second_head_that_aiohttp_waits_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runtime, "KEPT_IDLE_S", 0.05)
        bench = Bench()
        await bench.open()
        async with bench.stack, bench.callers:
            caller = await bench.call()
            caller.send(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
            assert await caller.status() == 200
            caller.send(b"GET /hello HTTP/1.1\r\nHo")

            assert await caller.is_closed()
            assert bench.to_aiohttp == 1

    async def test_a_head_without_end(self, bench: Bench) -> None:
        caller = await bench.call()
        caller.send(b"A" * (front_door.MAX_HEAD_KEPT_BYTES + 1))

        assert await caller.is_closed()

    async def test_but_not_one_whose_request_is_under_way(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(front_door, "IDLE_S", 0.02)
        monkeypatch.setattr(front_door, "LOOK_AGAIN_S", 0.01)
        caller = await bench.call()
        bench.store.may_answer.clear()
        caller.send(request_of(facebook.messages("1", "a")))
        await soon(bench.store.asked.wait())
        await asyncio.sleep(0.1)  # five times the limit: nothing tells that a connection was not closed
        bench.store.may_answer.set()

        assert await caller.status() == 200

    async def test_a_sender_that_never_reads_its_answers(self, bench: Bench) -> None:
        door = FrontDoor(bench.reception, asyncio.Protocol)
        connection = door()
        transport = _Transport()
        connection.connection_made(transport)
        connection.pause_writing()

        assert transport.aborted


class _Transport(asyncio.Transport):
    """A transport that can only be dropped."""

    aborted = False

    def abort(self) -> None:
        self.aborted = True


def test_a_503_asks_meta_to_come_again_and_a_200_is_short() -> None:
    date = "Sun, 22 Nov 2026 10:20:00 GMT"
    assert ACCEPTED.as_bytes(date=date) == (
        b"HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 10:20:00 GMT\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Length: 2\r\n\r\nok"
    )
    assert b"Retry-After: 2\r\n" in Answer(503, "unavailable", "no").as_bytes(date=date)


async def test_the_store_that_fails_with_its_own_error_is_no_bug() -> None:
    bench = Bench()

    def away(_name: str) -> None:
        raise StoreUnavailable("away")

    bench.store.before_call = away
    body = facebook.messages("1", "a")
    answer = await bench.reception.take(facebook.signed(body)["X-Hub-Signature-256"], body)

    assert (answer.status, answer.code) == (503, "unavailable")
