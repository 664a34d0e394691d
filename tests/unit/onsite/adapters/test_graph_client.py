"""Speaking with Messenger, against a small server that stands for Meta's."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from onsite.adapters.graph_client import GraphClient
from onsite.core.errors import FacebookError
from onsite.core.facebook.page import PageIdentity
from onsite.core.sending import Lost, Postponed, Refused, SendOutcome, Sent
from shared.exchange import new_platform_session

TOKEN = SecretStr("EAApagetoken")
PROOF = SecretStr("0f0f0f")
PEERS = ("aiohttp.access", "aiohttp.server")
"""Logs of the server that stands for Meta's."""


class FakeGraph:
    """Answers every send as told, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answer = web.json_response({"recipient_id": "77", "message_id": "m_1"})
        self.requests: list[tuple[str, str, bytes]] = []
        self.hang_up = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests.append((str(request.rel_url), request.headers.get("Authorization", ""), body))
        if self.hang_up:
            assert request.transport is not None
            request.transport.abort()
        await self.may_answer.wait()
        return self.answer


@pytest.fixture
def graph() -> FakeGraph:
    return FakeGraph()


@pytest.fixture
async def client(graph: FakeGraph) -> AsyncIterator[GraphClient]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", graph.handle)
    async with TestServer(app) as server, new_platform_session() as session:
        yield GraphClient(session, base_url=str(server.make_url("/")))


async def send(client: GraphClient, *, token: SecretStr = TOKEN, proof: SecretStr | None = None) -> SendOutcome:
    return await client.send_text(
        page_id="1122", token=token, proof=proof, recipient="77", text="Grüße", correlation="42"
    )


async def test_a_text_goes_to_the_pages_messages_and_its_id_comes_back(graph: FakeGraph, client: GraphClient) -> None:
    assert await send(client) == Sent("m_1")

    ((path, authorization, body),) = graph.requests
    assert (path, authorization) == ("/v26.0/1122/messages", "Bearer EAApagetoken")
    assert json.loads(body) == {
        "recipient": {"id": "77"},
        "messaging_type": "RESPONSE",
        "message": {"text": "Grüße", "metadata": "social-relay:42"},
    }


async def test_a_proof_goes_along_where_there_is_one(graph: FakeGraph, client: GraphClient) -> None:
    await send(client, proof=PROOF)

    assert graph.requests[0][0] == "/v26.0/1122/messages?appsecret_proof=0f0f0f"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(web.json_response({"error": {"code": 190}}, status=400), Refused, id="a dead token"),
        pytest.param(web.json_response({"error": {"code": 2}}, status=503), Postponed, id="a temporary error"),
        pytest.param(web.Response(status=502, text="<html>"), Lost, id="a front-end's error"),
        pytest.param(web.Response(status=302, headers={"Location": "/x"}), Lost, id="a redirect"),
    ],
)
async def test_an_answer_means_what_the_core_says(
    graph: FakeGraph, client: GraphClient, answer: web.Response, kind: type[SendOutcome]
) -> None:
    graph.answer = answer

    assert isinstance(await send(client), kind)
    assert len(graph.requests) == 1


async def test_a_lost_answer_is_unknown_and_the_message_is_not_sent_again(
    graph: FakeGraph, client: GraphClient
) -> None:
    graph.hang_up = True

    outcome = await send(client)

    assert isinstance(outcome, Lost)
    assert len(graph.requests) == 1


async def test_a_server_that_is_not_there_postpones_the_message() -> None:
    async with TestServer(web.Application()) as server:
        gone = str(server.make_url("/"))

    async with new_platform_session() as session:
        outcome = await send(GraphClient(session, base_url=gone))

    assert isinstance(outcome, Postponed)
    assert "nothing was sent" in outcome.sentence


async def test_no_answer_in_time_is_unknown(graph: FakeGraph, client: GraphClient) -> None:
    graph.may_answer.clear()
    client._timeout = aiohttp.ClientTimeout(total=0.2, connect=0.1)

    outcome = await send(client)
    graph.may_answer.set()

    assert isinstance(outcome, Lost)
    assert "no answer in time" in outcome.sentence
    assert len(graph.requests) == 1


async def test_a_damaged_token_is_refused_without_asking(graph: FakeGraph, client: GraphClient) -> None:
    outcome = await send(client, token=SecretStr("line\nbreak"))

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert graph.requests == []


async def test_whose_token_it_is_is_asked_with_the_token_in_a_header(graph: FakeGraph, client: GraphClient) -> None:
    graph.answer = web.json_response({"id": "1122", "name": "Acme"})

    assert await client.identify(TOKEN, PROOF) == PageIdentity("1122", "Acme")

    assert graph.requests == [("/v26.0/me?fields=id,name&appsecret_proof=0f0f0f", "Bearer EAApagetoken", b"")]


async def test_a_server_that_does_not_say_whose_token_it_is_is_named(graph: FakeGraph, client: GraphClient) -> None:
    graph.hang_up = True

    with pytest.raises(FacebookError, match="Facebook could not be reached") as trouble:
        await client.identify(TOKEN, PROOF)

    assert trouble.value.trouble is None
    assert not {TOKEN.get_secret_value(), PROOF.get_secret_value()} & set(str(trouble.value).split())


async def test_no_secret_and_no_text_is_logged_or_told(
    graph: FakeGraph, client: GraphClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    graph.hang_up = True

    outcome = await send(client, proof=PROOF)

    for secret in (TOKEN.get_secret_value(), PROOF.get_secret_value(), "Grüße"):
        assert secret not in repr(outcome)
        assert not [record for record in caplog.records if secret in record.getMessage() and record.name not in PEERS]
