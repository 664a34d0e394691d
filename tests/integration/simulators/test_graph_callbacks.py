"""Deauthorize and data-deletion callbacks: signed as Meta does, or wrong in a chosen way."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.integration.simulators.graph_client import NEEDED, ask
from tests.simulators.clock import START_AT
from tests.simulators.graph import DeliveryResult, Flaw, GraphSimulator, deletion_answer
from tests.simulators.graph.signed_request import signed_request

ADA = "218471"
DOCUMENTED = (
    "_LOz7ZFTGQVskb5FcomoCQEdDY_RuPP1FbINmPjSaT0"
    ".eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImlzc3VlZF9hdCI6MTcwMDAwMDAwMCwidXNlcl9pZCI6IjIxODQ3MSJ9"
)


@pytest.fixture
async def posted(graph: GraphSimulator) -> AsyncIterator[list[tuple[str, str]]]:
    """Receive the callbacks; yields what came, by path."""
    came: list[tuple[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        came.append((request.path, str((await request.post())["signed_request"])))
        return web.json_response({"url": "https://relay.example/status?id=abc", "confirmation_code": "abc"})

    app = web.Application()
    app.router.add_post("/{name}", take)
    async with TestServer(app) as server:
        graph.app.deauthorize_url = str(server.make_url("/deauthorize"))
        graph.app.data_deletion_url = str(server.make_url("/data-deletion"))
        yield came


def opened(signed: str) -> dict[str, Any]:
    """Read a signed request as its documentation says, with nothing of the simulator's."""
    signature, _, payload = signed.partition(".")
    expected = hmac.new(b"app-secret-example", payload.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)) == expected
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return read


def test_the_documented_request_is_written_byte_by_byte() -> None:
    payload = {"issued_at": 1700000000, "user_id": ADA}

    assert signed_request(payload, app_secret="app-secret-example") == DOCUMENTED


async def test_removing_the_app_kills_the_tokens_and_is_told(
    graph: GraphSimulator, http: aiohttp.ClientSession, posted: list[tuple[str, str]]
) -> None:
    graph.add_admin(ADA, name="Ada Admin", pages=["1122"])
    token = graph.page_token(graph.grant(ADA, NEEDED), "1122")

    result = await graph.fate.removes_app(ADA)
    _, refused = await ask(http, graph, "/v26.0/me", access_token=token)

    assert result is not None
    assert result.accepted
    ((path, signed),) = posted
    assert (path, opened(signed)) == (
        "/deauthorize",
        {"algorithm": "HMAC-SHA256", "issued_at": int(START_AT), "user_id": ADA},
    )
    assert refused["error"]["error_subcode"] == 458


async def test_taking_back_all_permissions_through_the_api_removes_the_app(
    graph: GraphSimulator, http: aiohttp.ClientSession, posted: list[tuple[str, str]]
) -> None:
    graph.add_admin(ADA, name="Ada Admin", pages=["1122"])
    token = graph.grant(ADA, NEEDED)

    answer = await ask(http, graph, f"/v26.0/{ADA}/permissions", verb="DELETE", access_token=token)
    await graph.settled()

    assert answer == (200, {"success": True})
    assert [path for path, _ in posted] == ["/deauthorize"]
    assert graph.world.admins[ADA].permissions == {}


@pytest.mark.parametrize("padded", [True, False])
async def test_a_data_deletion_may_be_padded_and_may_tell_more(
    graph: GraphSimulator, posted: list[tuple[str, str]], *, padded: bool
) -> None:
    result = await graph.callbacks.data_deletion(ADA, padded=padded, more={"expires": 0})

    ((path, signed),) = posted
    assert (path, "=" in signed, opened(signed)["expires"]) == ("/data-deletion", padded, 0)
    assert deletion_answer(result) == ("https://relay.example/status?id=abc", "abc")


@pytest.mark.parametrize("flaw", list(Flaw))
def test_every_flaw_differs_from_the_right_request(graph: GraphSimulator, flaw: Flaw) -> None:
    wrong, right = graph.callbacks.sign(ADA, flaw=flaw), graph.callbacks.sign(ADA)

    assert wrong != right


@pytest.mark.parametrize("flaw", [Flaw.WRONG_SIGNATURE, Flaw.OTHER_SECRET, Flaw.SIGNED_JSON, Flaw.NO_SIGNATURE])
def test_a_wrong_signature_stands_before_a_right_payload(graph: GraphSimulator, flaw: Flaw) -> None:
    wrong, right = graph.callbacks.sign(ADA, flaw=flaw), graph.callbacks.sign(ADA)

    assert wrong.partition(".")[2] == right.partition(".")[2]


def test_another_algorithm_is_signed_by_it(graph: GraphSimulator) -> None:
    signature, _, payload = graph.callbacks.sign(ADA, flaw=Flaw.OTHER_ALGORITHM).partition(".")

    digest = hmac.new(b"app-secret-example", payload.encode(), hashlib.sha1).digest()
    assert base64.urlsafe_b64decode(signature + "=") == digest


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(DeliveryResult(200, "{url: 'x', confirmation_code: 'y'}"), id="no JSON"),
        pytest.param(DeliveryResult(200, '{"url": "https://x.test"}'), id="no code"),
        pytest.param(DeliveryResult(200, '{"url": "https://x.test", "confirmation_code": 5}'), id="a number as code"),
        pytest.param(DeliveryResult(500, '{"url": "https://x.test", "confirmation_code": "5"}'), id="a failure"),
        pytest.param(DeliveryResult(None), id="no answer"),
    ],
)
def test_an_answer_that_meta_would_not_take_is_named(result: DeliveryResult) -> None:
    with pytest.raises(ValueError, match="the answer to a data deletion"):
        deletion_answer(result)


async def test_a_callback_that_is_not_set_up_is_not_sent(graph: GraphSimulator) -> None:
    with pytest.raises(RuntimeError, match="no such callback"):
        await graph.callbacks.deauthorize(ADA)
