"""Meta's calls about people who leave, over HTTP: what is believed, what each answer is, and the page for people."""

import gzip
import io
import time
from collections.abc import AsyncIterator
from typing import Any, Self

import fakeredis
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from structlog.testing import capture_logs

from relay.adapters.redis_receipts import RedisReceipts
from relay.core import keys
from relay.core.deletion import RECEIPT_TTL_S
from relay.core.errors import StoreUnavailable
from relay.core.signed_form import MAX_FORM_BYTES
from relay.engine import metrics
from relay.engine.withdrawals import DELETED, REMOVED, Withdrawals
from relay.web.app import build_app
from relay.web.withdrawals import WithdrawalRoutes
from shared.errors import UserError
from tests.simulators.graph import Flaw
from tests.simulators.graph.signed_request import signed_request
from tests.unit.relay.engine.test_withdrawals import ADA, ASKED_S, BEFORE_MS, World

SECRET = "app-secret-example"
DEAUTHORIZE, DELETION = "/facebook/deauthorize", "/facebook/data-deletion"
PUBLIC_URL = "https://relay.example.com"


class Untouchable(World):
    """What nobody may ask who has proved nothing."""

    async def of_person(self, user_id: str) -> Any:
        raise AssertionError(f"{user_id} was looked up")


class Bench:
    """The routes on a real server; receipts in fakeredis."""

    def __init__(self, world: World, *, public_url: str = PUBLIC_URL) -> None:
        self.world = world
        self.redis = fakeredis.FakeAsyncRedis()
        secret = SecretStr(SECRET)
        withdrawals = Withdrawals(world, world, world, RedisReceipts(self.redis), app_secret=secret, clock=time.time)
        routes = WithdrawalRoutes(withdrawals, app_secret=secret, public_url=public_url)
        self.client: TestClient[web.Request, web.Application] = TestClient(TestServer(build_app([routes])))

    async def post(self, path: str, signed: str) -> tuple[int, Any]:
        answer = await self.client.post(path, data={"signed_request": signed})
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, await answer.json()

    async def __aenter__(self) -> Self:
        await self.client.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()
        await self.redis.aclose()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    world = World()
    world.pages = {"1": (ADA, BEFORE_MS), "2": ("others", BEFORE_MS)}
    async with Bench(world) as bench:
        yield bench


def signed(flaw: Flaw | None = None, *, user_id: str = ADA, secret: str = SECRET, padded: bool = False) -> str:
    return signed_request({"issued_at": ASKED_S, "user_id": user_id}, app_secret=secret, flaw=flaw, padded=padded)


def counted(call: str, result: str) -> float:
    value: float = metrics.PERSON_CALLS.labels(call, result)._value.get()
    return value


class TestDeauthorize:
    @pytest.mark.parametrize("padded", [True, False])
    async def test_the_persons_pages_end(self, bench: Bench, *, padded: bool) -> None:
        before = counted("deauthorize", "done")
        assert await bench.post(DEAUTHORIZE, signed(padded=padded)) == (200, {})

        assert bench.world.ended == [("1", REMOVED)]
        assert counted("deauthorize", "done") == before + 1

    async def test_repeats_and_people_nobody_knows_are_200(self, bench: Bench) -> None:
        for _ in range(2):
            assert (await bench.post(DEAUTHORIZE, signed()))[0] == 200
        assert (await bench.post(DEAUTHORIZE, signed(user_id="9")))[0] == 200

        assert len(bench.world.ended) == 1


class TestDataDeletion:
    async def test_the_answer_has_metas_form_and_the_page_it_names_is_there(self, bench: Bench) -> None:
        status, answer = await bench.post(DELETION, signed())

        assert status == 200
        assert answer == {
            "url": f"{PUBLIC_URL}{DELETION}/{answer['confirmation_code']}",
            "confirmation_code": answer["confirmation_code"],
        }
        assert bench.world.ended == [("1", DELETED)]
        shown = await bench.client.get(answer["url"].removeprefix(PUBLIC_URL))
        assert (shown.status, shown.content_type) == (200, "text/html")
        assert "Your data have been deleted" in await shown.text()

    async def test_a_replay_gets_the_same_code_and_leaves_one_receipt(self, bench: Bench) -> None:
        assert await bench.post(DELETION, signed()) == await bench.post(DELETION, signed())
        assert len(await bench.redis.keys("*")) == 1

    async def test_a_receipt_goes_by_itself_and_names_nobody(self, bench: Bench) -> None:
        _, answer = await bench.post(DELETION, signed())
        key = keys.receipt(answer["confirmation_code"])

        assert RECEIPT_TTL_S - 60 < await bench.redis.ttl(key) <= RECEIPT_TTL_S
        assert ADA not in key + str(await bench.redis.get(key))

    async def test_without_a_public_address_the_data_are_deleted_and_the_operator_is_told(self) -> None:
        world = World()
        world.pages = {"1": (ADA, BEFORE_MS)}
        async with Bench(world, public_url="") as bench:
            with capture_logs() as logs:
                status, answer = await bench.post(DELETION, signed())

        assert (status, answer["error"]["code"]) == (503, "misconfigured")
        assert world.ended == [("1", DELETED)]
        assert any("RELAY_PUBLIC_URL" in entry.get("reason", "") for entry in logs)


REFUSALS = {
    Flaw.WRONG_SIGNATURE: (403, "bad_signature"),
    Flaw.OTHER_SECRET: (403, "bad_signature"),
    Flaw.OTHER_ALGORITHM: (403, "bad_signature"),
    Flaw.NO_ALGORITHM: (403, "bad_signature"),
    Flaw.NONE_ALGORITHM: (403, "bad_signature"),
    Flaw.SIGNED_JSON: (403, "bad_signature"),
    Flaw.NO_SIGNATURE: (403, "bad_signature"),
    Flaw.NO_DOT: (403, "bad_signature"),
    Flaw.NO_BASE64: (403, "bad_signature"),
    Flaw.NO_JSON: (400, "malformed"),
    Flaw.NO_USER: (400, "malformed"),
}

both_calls = pytest.mark.parametrize(
    ("path", "call"), [pytest.param(DEAUTHORIZE, "deauthorize"), pytest.param(DELETION, "data_deletion")]
)


def test_every_flaw_is_tried() -> None:
    assert set(REFUSALS) == set(Flaw)


@both_calls
@pytest.mark.parametrize("flaw", [pytest.param(flaw, id=flaw.value) for flaw in Flaw])
async def test_what_meta_did_not_sign_asks_for_nothing(path: str, call: str, flaw: Flaw) -> None:
    async with Bench(Untouchable()) as bench:
        status, code = REFUSALS[flaw]
        before = counted(call, code)
        text = signed(flaw)
        with capture_logs() as logs:
            answered, answer = await bench.post(path, text)

        assert (answered, answer["error"]["code"]) == (status, code)
        assert counted(call, code) == before + 1
        assert await bench.redis.keys("*") == []
        assert text not in str(logs) + str(answer)


@both_calls
@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        pytest.param(b"", {}, 400, "malformed", id="nothing"),
        pytest.param(b"other=1", {}, 400, "malformed", id="another field"),
        pytest.param(b"signed_request=a.b&signed_request=a.b", {}, 400, "malformed", id="two of them"),
        pytest.param(b"signed_request=\xff", {}, 400, "malformed", id="no text"),
        pytest.param(b"signed_request=" + b"a" * MAX_FORM_BYTES, {}, 413, "too_large", id="too large"),
        pytest.param(gzip.compress(b"a=1"), {"Content-Encoding": "gzip"}, 415, "packed_body", id="packed"),
    ],
)
async def test_what_is_no_form_of_metas_is_refused_and_counted(
    path: str, call: str, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    async with Bench(Untouchable()) as bench:
        before = counted(call, code)
        answer = await bench.client.post(path, data=io.BytesIO(body), headers=headers)

        assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)
        assert counted(call, code) == before + 1


@both_calls
@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        pytest.param(UserError("page 1 is just being changed"), "unfinished", id="a page is being changed"),
        pytest.param(StoreUnavailable("away"), "unavailable", id="Redis is away"),
    ],
)
async def test_what_could_not_be_done_is_503_so_that_meta_comes_again(
    bench: Bench, path: str, call: str, trouble: Exception, code: str
) -> None:
    bench.world.trouble["1"] = trouble
    before = counted(call, code)

    status, answer = await bench.post(path, signed())

    assert (status, answer["error"]["code"], counted(call, code)) == (503, code, before + 1)
    bench.world.trouble.clear()
    assert (await bench.post(path, signed()))[0] == 200


@both_calls
async def test_other_methods_are_refused(bench: Bench, path: str, call: str) -> None:
    del call
    for method in ("GET", "PUT", "DELETE"):
        assert (await bench.client.request(method, path)).status == 405


class TestStatusPage:
    @pytest.mark.parametrize(
        "code", ["a" * 32, "abc", "A" * 32, "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "..%2F..%2Fadmin", "a" * 5000]
    )
    async def test_a_code_that_nobody_was_given_is_a_page_with_404(self, bench: Bench, code: str) -> None:
        answer = await bench.client.get(f"{DELETION}/{code}")
        text = await answer.text()

        assert (answer.status, answer.content_type) == (404, "text/html")
        assert "There is no deletion with this code" in text
        assert "script" not in text
        assert "admin" not in text

    async def test_the_page_loads_nothing_of_others_is_framed_by_nobody_and_kept_by_no_cache(
        self, bench: Bench
    ) -> None:
        answer = await bench.client.get(f"{DELETION}/{'a' * 32}")

        expected = {
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none';"
            " frame-ancestors 'none'",
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "X-Robots-Tag": "noindex",
        }
        assert {name: answer.headers[name] for name in expected} == expected

    async def test_a_redis_that_is_away_is_told_on_a_page_too(self, bench: Bench) -> None:
        await bench.redis.hset(keys.receipt("a" * 32), "not", "a string")
        answer = await bench.client.get(f"{DELETION}/{'a' * 32}")

        assert (answer.status, answer.content_type) == (503, "text/html")
        assert "Please come again in a minute" in await answer.text()
