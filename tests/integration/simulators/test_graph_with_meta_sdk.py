"""Meta's own SDK, an independent client, finds in the simulator what it expects of Facebook."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from facebook_business.adobjects.page import Page
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from tests.simulators.clock import ManualClock
from tests.simulators.graph import GraphSimulator

Result = TypeVar("Result")


@pytest.fixture
def sdk_page(graph: GraphSimulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Open the page through the SDK, with proofs demanded."""
    monkeypatch.setattr(FacebookSession, "GRAPH", graph.url)
    graph.require_proof = True
    session = FacebookSession(graph.app_id, graph.app_secret, "EAAtoken")
    yield Page("1122", api=FacebookAdsApi(session, api_version="v26.0"))
    session.requests.close()


async def in_thread(work: Callable[[], Result]) -> Result:
    """Run what blocks, while the simulator answers from this loop."""
    return await asyncio.to_thread(work)


async def test_create_message_sends_a_text(graph: GraphSimulator, sdk_page: Any, clock: ManualClock) -> None:
    graph.world.note_event("1122", {"sender": {"id": "9001"}, "postback": {}}, clock())
    params = {"recipient": {"id": "9001"}, "messaging_type": "RESPONSE", "message": {"text": "Grüße /"}}

    answer = await in_thread(lambda: sdk_page.create_message(params=params))

    (said,) = graph.sent
    assert (answer["recipient_id"], answer["message_id"]) == ("9001", said.mid)
    assert said.text == "Grüße /"
    assert graph.ledger.calls("messages")[0].ignored == ()


async def test_the_sdk_understands_a_refusal(graph: GraphSimulator, sdk_page: Any) -> None:
    params = {"recipient": {"id": "4711"}, "messaging_type": "RESPONSE", "message": {"text": "hi"}}

    with pytest.raises(FacebookRequestError) as caught:
        await in_thread(lambda: sdk_page.create_message(params=params))

    error = caught.value
    assert (error.http_status(), error.api_error_code(), error.api_error_subcode()) == (400, 100, 2018001)
    assert error.api_error_type() == "OAuthException"
    assert error.api_transient_error() is False


async def test_the_sdk_subscribes_lists_and_removes_the_app(graph: GraphSimulator, sdk_page: Any) -> None:
    await in_thread(lambda: sdk_page.create_subscribed_app(params={"subscribed_fields": ["messages", "standby"]}))
    (app,) = await in_thread(sdk_page.get_subscribed_apps)
    await in_thread(sdk_page.delete_subscribed_apps)
    left = list(await in_thread(sdk_page.get_subscribed_apps))

    assert (app["id"], app["subscribed_fields"]) == ("138", ["messages", "standby"])
    assert left == []


async def test_the_sdk_saves_an_attachment(graph: GraphSimulator, sdk_page: Any) -> None:
    image = {"type": "image", "payload": {"url": "https://x.test/a.png", "is_reusable": True}}

    answer = await in_thread(lambda: sdk_page.create_message_attachment(params={"message": {"attachment": image}}))

    assert answer["attachment_id"].isdigit()


async def test_the_sdk_reads_the_page(sdk_page: Any) -> None:
    page = await in_thread(lambda: sdk_page.api_get(fields=["name", "category"]))

    assert (page["name"], page["category"]) == ("Acme", "Local business")
