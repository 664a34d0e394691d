"""The HTTP push against real servers: whatever a site does, there is a verdict, and no message in its words."""

import asyncio
import dataclasses
import gzip
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from relay.adapters.push import RECORD_KEPT_S, HttpPush
from relay.adapters.push_sessions import ANSWER_TIMEOUT_S, PushSessions
from relay.core.answers import MAX_ANSWER_BYTES
from relay.core.delivery import Delivered, Failed, Gone, TooLarge
from relay.core.errors import SiteNotFound, StoreUnavailable
from relay.core.outbox import Entry
from relay.core.permission import Permission, networks_of
from relay.core.site import Site
from shared.errors import VaultError
from shared.site_secret import new_site_secret
from shared.wire import Rejection
from tests.support.certificate import self_signed
from tests.support.clock import ManualClock
from tests.support.peer import peer
from tests.support.receiving_site import Batch, ReceivingSite, status
from tests.support.waiting import soon

SECRET = new_site_secret()
WRITTEN = "what the customer wrote"


def entry(number: int = 1, payload: bytes = f'{{"message":{{"text":"{WRITTEN}"}}}}'.encode()) -> Entry:
    return Entry(f"1800000000000-{number}", "1122", "messaging", payload)


class Directory:
    """Where sites are looked up, and how often."""

    def __init__(self, url: str, *secrets: SecretStr) -> None:
        self.site = Site("acme", url, secrets or (SECRET,), 0, Permission(networks_of(["127.0.0.0/8"]), insecure=True))
        self.error: Exception | None = None
        self.asked = 0

    async def find(self, _name: str) -> Site:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.site


@pytest.fixture
async def site() -> AsyncIterator[ReceivingSite]:
    async with ReceivingSite(SECRET.get_secret_value()) as site:
        yield site


@asynccontextmanager
async def pushing_to(url: str, answer_timeout_s: float = ANSWER_TIMEOUT_S) -> AsyncIterator[HttpPush]:
    async with PushSessions(answer_timeout_s=answer_timeout_s) as sessions:
        yield HttpPush(sessions, Directory(url).find)


@pytest.fixture
async def push(site: ReceivingSite) -> AsyncIterator[HttpPush]:
    async with pushing_to(site.url) as push:
        yield push


class TestDelivered:
    async def test_a_batch_arrives_signed_and_as_the_contract_writes_it(
        self, site: ReceivingSite, push: HttpPush
    ) -> None:
        verdict = await push.deliver("acme", [entry(1), entry(2, b'{"message":{"text":"\\u00e4 \\/"}}')])

        assert verdict == Delivered()
        assert site.refused == []
        assert site.texts == [WRITTEN, "\u00e4 /"]
        (batch,) = site.batches
        assert b'{"message":{"text":"\\u00e4 \\/"}}' in batch.body
        assert [event["id"] for event in batch.events] == ["1800000000000-1", "1800000000000-2"]
        assert batch.headers["Content-Type"] == "application/json"

    async def test_the_same_batch_keeps_its_id_over_retries_and_another_has_another(
        self, site: ReceivingSite, push: HttpPush
    ) -> None:
        for entries in ([entry(1), entry(2)], [entry(1), entry(2)], [entry(1)], [entry(3)]):
            await push.deliver("acme", entries)
        first, again, part, other = [batch.message_id for batch in site.batches]

        assert first == again
        assert len({first, part, other}) == 3
        assert not any("." in batch.message_id for batch in site.batches)

    async def test_each_attempt_tells_its_own_time(self, site: ReceivingSite) -> None:
        clock = ManualClock(float(int(time.time()) - 100))  # the library at the site reads the wall clock itself
        async with PushSessions() as sessions:
            push = HttpPush(sessions, Directory(site.url).find, clock=clock)
            for _ in range(2):
                await push.deliver("acme", [entry()])
                clock.advance(60)

        first, second = [int(batch.headers["webhook-timestamp"]) for batch in site.batches]
        assert second - first == 60

    async def test_while_a_secret_rotates_the_holder_of_either_accepts(self, site: ReceivingSite) -> None:
        new = new_site_secret()
        async with PushSessions() as sessions:
            push = HttpPush(sessions, Directory(site.url, new, SECRET).find)
            assert await push.deliver("acme", [entry()]) == Delivered()
            site.secret = new.get_secret_value()
            assert await push.deliver("acme", [entry()]) == Delivered()

    async def test_refusals_come_back(self, site: ReceivingSite, push: HttpPush) -> None:
        def refuse(batch: Batch) -> web.Response:
            rejected = [{"id": batch.events[0]["id"], "reason": "odd"}]
            return web.json_response({"accepted": 0, "rejected": rejected})

        site.answers = [refuse]

        assert await push.deliver("acme", [entry()]) == Delivered([Rejection("1800000000000-1", "odd")])

    async def test_batches_share_one_connection(self, site: ReceivingSite, push: HttpPush) -> None:
        for _ in range(3):
            await push.deliver("acme", [entry()])

        assert site.connections == 1

    async def test_a_large_batch_arrives_whole(self, site: ReceivingSite, push: HttpPush) -> None:
        large = b'{"message":{"text":"' + b"x" * 3_000_000 + b'"}}'

        assert await push.deliver("acme", [entry(1, large)]) == Delivered()
        assert len(site.texts[0]) == 3_000_000


class TestTheSiteRefuses:
    @pytest.mark.parametrize(("code", "verdict"), [(410, Gone()), (413, TooLarge())])
    async def test_what_the_contract_names(
        self, site: ReceivingSite, push: HttpPush, code: int, verdict: Gone | TooLarge
    ) -> None:
        site.answers = [status(code)]
        assert await push.deliver("acme", [entry()]) == verdict

    async def test_throttling_says_how_long(self, site: ReceivingSite, push: HttpPush) -> None:
        site.answers = [status(503, Retry_After="17")]
        assert await push.deliver("acme", [entry()]) == Failed("the site answered 503", retry_after_s=17.0)

    async def test_a_wrong_secret_is_said_so(self, site: ReceivingSite, push: HttpPush) -> None:
        site.secret = new_site_secret().get_secret_value()
        verdict = await push.deliver("acme", [entry()])

        assert isinstance(verdict, Failed)
        assert "refused the signature (401)" in verdict.reason
        assert len(site.refused) == 1

    @pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
    async def test_a_redirect_is_not_followed(self, site: ReceivingSite, push: HttpPush, code: int) -> None:
        async with ReceivingSite(SECRET.get_secret_value()) as elsewhere:
            site.answers = [status(code, Location=f"{elsewhere.url}/relay/events")]
            verdict = await push.deliver("acme", [entry()])

            assert isinstance(verdict, Failed)
            assert "not followed" in verdict.reason
            assert not elsewhere.asked.is_set()

    @pytest.mark.parametrize(
        "body", [b"", b"ok", b"<html>It works!</html>", b"{}", b"\xff", b'{"accepted":1}'[:-1]], ids=repr
    )
    async def test_a_200_without_a_receipt_is_no_delivery(
        self, site: ReceivingSite, push: HttpPush, body: bytes
    ) -> None:
        site.answers = [lambda _batch: web.Response(body=body)]
        verdict = await push.deliver("acme", [entry()])

        assert isinstance(verdict, Failed)
        assert "no receipt" in verdict.reason


class TestHostileAnswers:
    async def test_an_answer_without_end_is_cut_off(self) -> None:
        sent = 0

        async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
            while True:
                writer.write(chunk)
                await writer.drain()
                sent += 65536

        async with peer(flood) as address, pushing_to(f"http://{address}") as push:
            verdict = await soon(push.deliver("acme", [entry()]))

        assert isinstance(verdict, Failed)
        assert "no receipt" in verdict.reason
        assert MAX_ANSWER_BYTES <= sent < 40 * MAX_ANSWER_BYTES

    async def test_a_packed_answer_is_not_unpacked(self, site: ReceivingSite, push: HttpPush) -> None:
        packed = gzip.compress(b'{"accepted":1}')  # were it unpacked, this would be a receipt
        site.answers = [lambda _batch: web.Response(body=packed, headers={"Content-Encoding": "gzip"})]
        verdict = await push.deliver("acme", [entry()])

        assert isinstance(verdict, Failed)

    async def test_a_proxy_that_packs_what_may_be_packed_leaves_receipts_readable(
        self, site: ReceivingSite, push: HttpPush
    ) -> None:
        def pack_if_allowed(batch: Batch) -> web.Response:
            body = b'{"accepted":1}'
            if "gzip" in batch.headers.get("Accept-Encoding", ""):
                return web.Response(body=gzip.compress(body), headers={"Content-Encoding": "gzip"})
            return web.Response(body=body)

        site.answers = [pack_if_allowed]

        assert await push.deliver("acme", [entry()]) == Delivered()

    async def test_cookies_are_not_kept(self, site: ReceivingSite, push: HttpPush) -> None:
        site.answers = [
            lambda _batch: web.json_response({"accepted": 1}, headers={"Set-Cookie": "a=b; Domain=127.0.0.1"})
        ]
        for _ in range(2):
            await push.deliver("acme", [entry()])

        assert not any("Cookie" in batch.headers for batch in site.batches)


Speak = Callable[[bytes], bytes]


@asynccontextmanager
async def answering(speak: Speak) -> AsyncIterator[str]:
    """Answer a whole request with whatever bytes `speak` makes of it, and hang up."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        writer.write(speak(head + await reader.readexactly(length)))
        await writer.drain()

    async with peer(handle) as address:
        yield f"http://{address}"


class TestNoAnswer:
    @pytest.mark.parametrize(
        ("speak", "words"),
        [
            pytest.param(lambda _: b"", "closed the connection before it answered", id="silence"),
            pytest.param(lambda request: request, "does not speak HTTP", id="an echo"),
            pytest.param(
                lambda request: request.split(b"\r\n\r\n")[1], "does not speak HTTP", id="an echo of the body"
            ),
            pytest.param(
                lambda r: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + r.split(b"\r\n\r\n")[1],
                "does not speak HTTP|broke off",
                id="an echo where a chunk should be",
            ),
            pytest.param(
                lambda r: b"HTTP/1.1 200 OK\r\nX: " + r.split(b"\r\n\r\n")[1] * 200, "does not speak HTTP", id="header"
            ),
            pytest.param(
                lambda _: b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"accepted":1}', "broke off", id="cut off"
            ),
            pytest.param(lambda _: b"\x15\x03\x01\x00\x02\x02\x16", "does not speak HTTP", id="TLS"),
            pytest.param(lambda _: b"220 mail ESMTP\r\n", "does not speak HTTP", id="a mail server"),
        ],
    )
    async def test_what_is_no_answer_is_said_without_quoting_it(self, speak: Speak, words: str) -> None:
        async with answering(speak) as url, pushing_to(url) as push:
            verdict = await soon(push.deliver("acme", [entry()]))

        assert isinstance(verdict, Failed)
        assert any(word in verdict.reason for word in words.split("|")), verdict.reason
        assert WRITTEN not in verdict.reason

    async def test_a_site_that_hangs_is_given_up_in_time(self, site: ReceivingSite) -> None:
        site.silent = True
        async with pushing_to(site.url, answer_timeout_s=0.1) as push:
            assert await soon(push.deliver("acme", [entry()])) == Failed("no answer within 0 s")

    async def test_a_site_that_answers_drop_by_drop_is_given_up_in_time(self) -> None:
        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)  # a drop each; nothing is waited for

        async with peer(drip) as address, pushing_to(f"http://{address}", answer_timeout_s=0.2) as push:
            assert isinstance(await soon(push.deliver("acme", [entry()])), Failed)

    async def test_a_port_on_which_nobody_listens_is_said_so(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        async with pushing_to(f"http://127.0.0.1:{port}") as push:
            assert await push.deliver("acme", [entry()]) == Failed(
                f"127.0.0.1:{port} does not take connections: Connection refused"
            )

    async def test_a_name_that_nobody_knows_is_said_so(self) -> None:
        async with pushing_to("http://site.invalid") as push:
            assert await soon(push.deliver("acme", [entry()])) == Failed("the name site.invalid cannot be resolved")

    async def test_an_address_that_is_none_any_more_is_a_verdict_too(self) -> None:
        async with pushing_to("http://exa mple") as push:
            assert isinstance(await soon(push.deliver("acme", [entry()])), Failed)

    async def test_https_where_only_http_is_spoken_is_said_so(self, site: ReceivingSite) -> None:
        async with pushing_to(site.url.replace("http:", "https:")) as push:
            verdict = await soon(push.deliver("acme", [entry()]))

        assert isinstance(verdict, Failed)
        assert "does not speak TLS" in verdict.reason

    async def test_a_certificate_that_nobody_vouches_for_is_said_so(self, tmp_path: Path) -> None:
        async def never(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            pytest.fail("a push came through")

        async with peer(never, tls=self_signed(tmp_path)) as address, pushing_to(f"https://{address}") as push:
            verdict = await soon(push.deliver("acme", [entry()]))

        assert isinstance(verdict, Failed)
        assert "the certificate of 127.0.0.1 is not valid" in verdict.reason

    async def test_a_connection_that_is_reset_is_said_so(self) -> None:
        async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            raw: socket.socket = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        async with peer(reset) as address, pushing_to(f"http://{address}") as push:
            verdict = await soon(push.deliver("acme", [entry()]))

        assert isinstance(verdict, Failed)
        assert WRITTEN not in verdict.reason


class TestTheRecord:
    async def test_it_is_read_again_after_some_seconds(self, site: ReceivingSite) -> None:
        clock, directory = ManualClock(float(int(time.time()))), Directory(site.url)
        async with PushSessions() as sessions:
            push = HttpPush(sessions, directory.find, clock=clock)
            for seconds in (0.0, 1.0, RECORD_KEPT_S - 1.0, 0.1):
                clock.advance(seconds)
                assert await push.deliver("acme", [entry()]) == Delivered()
            assert directory.asked == 2

    async def test_it_is_read_again_after_a_failure_as_somebody_may_have_mended_it(self, site: ReceivingSite) -> None:
        directory = Directory("http://site.invalid")
        async with PushSessions() as sessions:
            push = HttpPush(sessions, directory.find)
            failed = await push.deliver("acme", [entry()])
            directory.site = dataclasses.replace(directory.site, url=site.url)

            assert isinstance(failed, Failed)
            assert await push.deliver("acme", [entry()]) == Delivered()

    @pytest.mark.parametrize(
        ("error", "words"),
        [(SiteNotFound("acme"), "not registered any more"), (VaultError("no key opens it"), "no key opens it")],
    )
    async def test_a_site_that_cannot_be_addressed_is_parked_in_words(
        self, site: ReceivingSite, error: Exception, words: str
    ) -> None:
        directory = Directory(site.url)
        directory.error = error
        async with PushSessions() as sessions:
            verdict = await HttpPush(sessions, directory.find).deliver("acme", [entry()])

        assert isinstance(verdict, Failed)
        assert words in verdict.reason

    async def test_redis_away_is_the_drains_to_know(self, site: ReceivingSite) -> None:
        directory = Directory(site.url)
        directory.error = StoreUnavailable("away")
        async with PushSessions() as sessions:
            with pytest.raises(StoreUnavailable):
                await HttpPush(sessions, directory.find).deliver("acme", [entry()])
