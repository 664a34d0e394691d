"""Meta's side over HTTP: which answer each body gets, and that a 200 is only said when everything is stored."""

import asyncio
import gzip
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
import pytest
from prometheus_client import Counter
from pydantic import SecretStr
from structlog.testing import capture_logs

from relay.core.errors import StoreUnavailable
from relay.core.webhook import SIGNATURE_HEADER
from relay.engine import metrics
from relay.engine.intake import Intake
from relay.engine.routing import Routing
from relay.engine.writer import AppendWriter
from relay.web import facebook as facebook_routes
from relay.web.app import build_app
from relay.web.facebook import FacebookRoutes
from relay.web.front_door import FrontDoor
from relay.web.reception import Reception
from shared.runtime import DoorMaker, listening
from tests.support import facebook
from tests.support.clock import ManualClock, Pauses
from tests.support.fakes import FakeShelf, tokens
from tests.support.memory_changes import MemoryChanges
from tests.support.memory_outboxes import MemoryOutboxes
from tests.support.waiting import process_does, soon

WEBHOOK = "/facebook/webhook"
FORGED = {SIGNATURE_HEADER: "sha256=" + "0" * 64}
"""In the form of a signature, and none."""
PACKED = FORGED | {"Content-Encoding": "gzip"}
WRITTEN = "what the customer wrote"


class Bench:
    """The routes on a real server, and the store behind them."""

    client: aiohttp.ClientSession

    def __init__(self) -> None:
        self.store = MemoryOutboxes(ManualClock())
        self.store.bindings = {"1": "acme"}
        self.shelf = FakeShelf()
        self.changes = MemoryChanges(ManualClock())
        writer = AppendWriter(self.store, new_token=tokens(), on_lease=lambda _outbox, _token: None)
        intake = Intake(Routing(self.store), writer, self.shelf, self.changes, sleep=Pauses())
        self.reception = Reception(intake, app_secret=SecretStr(facebook.APP_SECRET))
        self.app = build_app([FacebookRoutes(self.reception, verify_token=SecretStr(facebook.VERIFY_TOKEN))])

    @asynccontextmanager
    async def opened(self, door: DoorMaker | None = None) -> AsyncIterator[None]:
        """Serve meanwhile."""
        async with (
            listening(self.app, host="127.0.0.1", port=0, door_of=door) as port,
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as self.client,
        ):
            yield

    async def post(self, body: bytes, **headers: str) -> tuple[int, str]:
        """Send a signed body; returns status and text."""
        answer = await self.client.post(WEBHOOK, data=body, headers=facebook.signed(body) | headers)
        return answer.status, await answer.text()


@pytest.fixture(params=["through the front door", "aiohttp alone"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """Whichever door a webhook comes through, it is answered the same."""
    bench = Bench()
    door = partial(FrontDoor, bench.reception) if request.param == "through the front door" else None
    async with bench.opened(door):
        yield bench


def count(counter: Counter, **labels: str) -> float:
    (family,) = counter.collect()
    return sum(s.value for s in family.samples if s.name.endswith("_total") and s.labels.items() >= labels.items())


class TestVerification:
    QUERY = f"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={facebook.VERIFY_TOKEN}"

    async def test_the_challenge_comes_back_and_nothing_else(self, bench: Bench) -> None:
        answer = await bench.client.get(f"{WEBHOOK}?{self.QUERY}")

        assert (answer.status, await answer.read()) == (200, b"1158201444")
        assert answer.content_type == "text/plain"

    @pytest.mark.parametrize(
        "query",
        [
            "",
            QUERY.replace("subscribe", "unsubscribe"),
            QUERY[:-1],
            QUERY.replace(facebook.VERIFY_TOKEN, "%ED%A0%80"),
            QUERY.replace(facebook.VERIFY_TOKEN, "%FF"),
            QUERY.replace("hub.verify_token", "hub_verify_token"),
        ],
    )
    async def test_anything_else_is_403(self, bench: Bench, query: str) -> None:
        answer = await bench.client.get(f"{WEBHOOK}?{query}")

        assert answer.status == 403
        assert (await answer.json())["error"]["code"] == "verification_refused"
        assert "1158201444" not in await answer.text()

    @pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH"])
    async def test_other_methods_are_refused(self, bench: Bench, method: str) -> None:
        assert (await bench.client.request(method, f"{WEBHOOK}?{self.QUERY}")).status == 405


class TestAccepted:
    async def test_a_200_means_that_everything_is_stored(self, bench: Bench) -> None:
        status, _ = await bench.post(
            facebook.body(
                facebook.entry("1", facebook.message("1", "a")), facebook.entry("9", facebook.message("9", "b"))
            )
        )

        assert status == 200
        assert len(bench.store.payloads("acme")) == 1
        assert len(bench.store.payloads("~9")) == 1

    async def test_events_are_counted_by_what_became_of_them(self, bench: Bench) -> None:
        counters = (metrics.EVENTS_ACCEPTED, metrics.EVENTS_UNCLAIMED, metrics.ENTRIES_ODD)
        before = [count(each) for each in counters]
        accepted = count(metrics.WEBHOOKS, result="accepted")
        await bench.post(
            facebook.body(
                facebook.entry("1", facebook.message("1", "a"), facebook.message("1", "b")),
                facebook.entry("9", facebook.message("9", "c")),
                {"who": 1},
            )
        )

        assert [count(each) - start for each, start in zip(counters, before, strict=True)] == [3, 1, 1]
        assert count(metrics.WEBHOOKS, result="accepted") - accepted == 1
        assert bench.shelf.kept == [b'{"who":1}']

    async def test_an_authentic_body_about_something_unknown_is_200_and_counted(self, bench: Bench) -> None:
        before = count(metrics.WEBHOOKS, result="unknown_object")
        with capture_logs() as logs:
            status, _ = await bench.post(facebook.body(facebook.entry("1", {"a": 1}), subject="user" * 100))

        assert status == 200
        assert count(metrics.WEBHOOKS, result="unknown_object") - before == 1
        assert bench.store.calls == []
        assert [(line["event"], len(line["object"])) for line in logs] == [("webhook_of_unknown_object", 40)]

    async def test_a_body_in_chunks_is_taken(self, bench: Bench) -> None:
        body = facebook.messages("1", "a")

        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 7):
                yield body[start : start + 7]

        answer = await bench.client.post(WEBHOOK, data=chunks(), headers=facebook.signed(body))

        assert answer.status == 200
        assert len(bench.store.payloads("acme")) == 1

    async def test_the_legacy_signature_beside_the_new_one_does_not_matter(self, bench: Bench) -> None:
        status, _ = await bench.post(facebook.messages("1", "a"), **{"X-Hub-Signature": "sha1=whatever"})
        assert status == 200


class TestRefused:
    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({}, id="no signature"),
            pytest.param({"X-Hub-Signature-256": ""}, id="an empty signature"),
            pytest.param({"X-Hub-Signature-256": "sha256=" + "0" * 64}, id="another signature"),
            pytest.param(facebook.signed(facebook.messages("1", "a"), secret="other"), id="another secret"),
            pytest.param(facebook.signed(facebook.messages("1", "b")), id="another body's"),
            pytest.param(
                {"X-Hub-Signature": "sha1=83e0d62300b0da999bfb32f112010ccd38747e45"}, id="the legacy one alone"
            ),
        ],
    )
    async def test_a_bad_signature_is_403_and_costs_nothing(self, bench: Bench, headers: dict[str, str]) -> None:
        before = count(metrics.WEBHOOKS, result="bad_signature")
        answer = await bench.client.post(WEBHOOK, data=facebook.messages("1", "a"), headers=headers)

        assert answer.status == 403
        assert (await answer.json())["error"]["code"] == "bad_signature"
        assert bench.store.calls == []
        assert count(metrics.WEBHOOKS, result="bad_signature") - before == 1

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 50_000])
    async def test_an_authentic_body_that_is_no_json_object_is_400(self, bench: Bench, body: bytes) -> None:
        status, text = await bench.post(body)

        assert status == 400
        assert '"malformed"' in text
        assert bench.store.calls == []

    async def test_the_signature_is_looked_at_before_the_body(self, bench: Bench) -> None:
        answer = await bench.client.post(WEBHOOK, data=b"{")
        assert answer.status == 403

    @pytest.mark.parametrize("way", ["whole", "chunked"])
    async def test_a_body_above_the_limit_is_413(self, bench: Bench, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
        limit = 400_000  # more than one read of a socket, as the real one is: else it would be a plain request
        monkeypatch.setattr(facebook_routes, "MAX_BODY_BYTES", limit)
        before = count(metrics.WEBHOOKS, result="too_large")

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(limit // 40_000 + 1):
                yield b"0123456789" * 4_000

        bodies = {"whole": io.BytesIO(b"x" * (limit + 1)), "chunked": chunks()}
        answer = await bench.client.post(WEBHOOK, data=bodies[way], headers=FORGED)

        assert answer.status == 413
        assert (await answer.json())["error"] == {
            "code": "too_large",
            "message": "the body is larger than 400000 bytes",
        }
        assert count(metrics.WEBHOOKS, result="too_large") - before == 1

    async def test_a_packed_body_is_415_as_nobody_may_have_us_unpack_what_is_not_verified(self, bench: Bench) -> None:
        answer = await bench.client.post(
            WEBHOOK, data=gzip.compress(b"x"), headers=FORGED | {"Content-Encoding": "gzip"}
        )

        assert answer.status == 415
        assert bench.store.calls == []

    @pytest.mark.parametrize("signature", [None, "", "sha256=", "sha1=" + "a" * 40, "sha256=" + "A" * 64, "x" * 64])
    async def test_what_cannot_be_a_signature_is_refused_before_the_body_is_read(
        self, bench: Bench, signature: str | None
    ) -> None:
        never_ends = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield b"x" * 400_000
            await never_ends.wait()

        headers = {} if signature is None else {SIGNATURE_HEADER: signature}
        answer = await soon(bench.client.post(WEBHOOK, data=body(), headers=headers))

        assert answer.status == 403

    async def test_large_bodies_that_nobody_vouches_for_yet_have_a_common_limit(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(facebook_routes, "MAX_READING_BYTES", 1_000_000)
        never_ends, sent = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b"x" * 400_000
            sent.set()
            await never_ends.wait()

        length = {"Content-Length": "900000"}
        hostile = asyncio.create_task(bench.client.post(WEBHOOK, data=slow(), headers=FORGED | length))
        await soon(sent.wait())
        large, small = facebook.messages("1", "a" * 400_000), facebook.messages("1", "b" * 100_000)

        answer = await bench.client.post(WEBHOOK, data=large, headers=facebook.signed(large))
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert (await bench.client.post(WEBHOOK, data=small, headers=facebook.signed(small))).status == 200

        hostile.cancel()
        await asyncio.gather(hostile, return_exceptions=True)

        async def taken() -> bool:
            return (await bench.client.post(WEBHOOK, data=large, headers=facebook.signed(large))).status == 200

        await process_does(taken)

    async def test_small_ones_have_one_too_and_the_one_that_takes_longest_is_given_up(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(facebook_routes, "MAX_READING_SMALL_BYTES", 500_000)
        bench, never_ends = Bench(), asyncio.Event()
        begun = [asyncio.Event() for _ in range(3)]

        async def slow(sent: asyncio.Event) -> AsyncIterator[bytes]:
            yield b"x" * 100_000
            sent.set()
            await never_ends.wait()

        length = {"Content-Length": "200000"}
        async with bench.opened():
            hostile = []
            for sent in begun:
                call = bench.client.post(WEBHOOK, data=slow(sent), headers=FORGED | length)
                hostile.append(asyncio.create_task(call))
                await soon(sent.wait())
            first = await soon(hostile[0])
            assert (first.status, (await first.json())["error"]["code"]) == (503, "busy")
            small = facebook.messages("1", "b" * 90_000)
            assert (await bench.client.post(WEBHOOK, data=small, headers=facebook.signed(small))).status == 200
            assert not hostile[2].done()
            for call_under_way in hostile:
                call_under_way.cancel()
            await asyncio.gather(*hostile, return_exceptions=True)

    async def test_a_body_up_to_the_limit_is_taken(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        body = facebook.messages("1", "a" * 2_000_000)  # beyond what aiohttp itself would take by default
        monkeypatch.setattr(facebook_routes, "MAX_BODY_BYTES", len(body))

        data = io.BytesIO(body)
        assert (await bench.client.post(WEBHOOK, data=data, headers=facebook.signed(body))).status == 200


class TestNoPromise:
    @pytest.mark.parametrize("call", ["owners", "append"])
    async def test_a_store_that_is_away_is_503_so_that_meta_comes_again(self, bench: Bench, call: str) -> None:
        def away(name: str) -> None:
            if name == call:
                raise StoreUnavailable("Error 111 connecting to redis.internal:6379")

        bench.store.before_call = away
        body = facebook.messages("1", "a")
        answer = await bench.client.post(WEBHOOK, data=body, headers=facebook.signed(body))

        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert "redis.internal" not in await answer.text()
        bench.store.before_call = lambda _name: None
        assert (await bench.post(body))[0] == 200

    async def test_a_shelf_that_is_away_is_503_too(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        async def away(_entries: object, *, reason: str) -> None:
            raise StoreUnavailable("away")

        monkeypatch.setattr(bench.shelf, "keep", away)
        assert (await bench.post(facebook.body({"who": 1})))[0] == 503

    async def test_a_page_that_is_being_moved_for_too_long_is_503(self, bench: Bench) -> None:
        bench.store.box("acme").fenced.add("1")
        assert (await bench.post(facebook.messages("1", "a")))[0] == 503


async def test_no_message_and_no_secret_reaches_the_logs(bench: Bench) -> None:
    body = facebook.messages("1", WRITTEN)
    with capture_logs() as logs:
        await bench.post(body)
        await bench.post(body[:-1])
        await bench.post(facebook.body(facebook.entry("x", facebook.message("x", WRITTEN))))
        await bench.client.post(WEBHOOK, data=body)
        bench.store.broken = True
        await bench.post(body)

    assert len(logs) >= 4
    assert WRITTEN not in str(logs)
    assert facebook.APP_SECRET not in str(logs)
    assert facebook.signed(body)["X-Hub-Signature-256"] not in str(logs)
