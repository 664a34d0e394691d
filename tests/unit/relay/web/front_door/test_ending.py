"""How connections to the front door end: the relay stops, or a sender takes too long, or too much."""

import asyncio
from contextlib import suppress
from functools import partial

import pytest

from relay.web import front_door
from relay.web.front_door import FrontDoor
from tests.support import facebook
from tests.support.door_bench import HOST, Bench, request_of
from tests.support.waiting import process_does, soon

HELLO = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
FIELDS = b"X-Fill: " + b"x" * 5_000 + b"\r\n"
ODD = request_of(facebook.messages("1", "a"), "X-Odd: \u00e4")
IN_CHUNKS = request_of(b"", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")


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

    @pytest.mark.parametrize(
        "begun",
        [
            pytest.param(ODD + HELLO[:-2] + 6 * FIELDS, id="a head behind a request"),
            pytest.param(IN_CHUNKS + b"2\r\n{}\r\n0\r\n" + 6 * FIELDS, id="fields behind a body in chunks"),
            pytest.param(IN_CHUNKS + b"7530\r\n" + b"x" * 30_000, id="a body"),
        ],
    )
    async def test_what_aiohttp_was_handed_longest_ago_when_it_is_too_much(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch, begun: bytes
    ) -> None:
        monkeypatch.setattr(front_door, "MAX_PASSED_BYTES", 70_000)
        await bench.reopen()
        bench.store.may_answer.clear()
        first, second, third, late = [await bench.call() for _ in range(4)]
        for caller, passed in ((first, len(begun)), (second, 2 * len(begun)), (third, 2 * len(begun))):
            caller.send(begun)
            await process_does(partial(bench.is_passed, passed))
        late.send(HELLO)

        assert await first.is_dropped()
        assert await late.status() == 200
        bench.store.may_answer.set()
        second.hang_up()
        third.hang_up()
        await process_does(partial(bench.is_passed, 0))

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
