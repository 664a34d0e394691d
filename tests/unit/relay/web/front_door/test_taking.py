"""The front door on real sockets: what it takes, what it leaves to aiohttp, and the order of answers."""

import asyncio

import pytest
from structlog.testing import capture_logs

from relay.core.errors import StoreUnavailable
from relay.web import front_door
from relay.web.answer import ACCEPTED, Answer
from relay.web.plain_request import NotRead, PlainRequest, read_plain
from tests.support import facebook
from tests.support.door_bench import Bench, request_of
from tests.support.waiting import soon


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

    async def test_a_connection_that_changes_its_mind_and_it_ends_with_the_answer(self, bench: Bench) -> None:
        caller = await bench.call()
        caller.send(request_of(facebook.messages("1", "a")))
        webhook = await caller.answer()
        caller.send(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
        hello = await caller.answer()

        assert (webhook[0], hello[0], bench.to_aiohttp) == (200, 200, 1)
        assert "connection" not in webhook[1]
        assert hello[1]["connection"] == "close"
        assert await caller.is_closed()

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

    async def test_of_two_requests_at_once_the_first_is_answered_and_the_other_has_to_come_again(
        self, bench: Bench
    ) -> None:
        caller = await bench.call()
        caller.send(request_of(facebook.messages("1", "a")) + request_of(facebook.messages("1", "b")))

        assert await caller.status() == 200
        assert await caller.is_closed()
        assert (len(bench.store.payloads("acme")), bench.to_aiohttp) == (1, 1)

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
        caller.send(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
        bench.store.may_answer.set()

        assert [(await caller.answer())[2] for _ in range(2)] == [b"ok", b"hello"]

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
