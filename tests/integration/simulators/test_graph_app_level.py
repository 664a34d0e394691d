"""Subscriptions at app level, and what they let through; the hour after which a failing page is unsubscribed."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.integration.simulators.graph_client import APP_TOKEN, ask, numbers
from tests.integration.simulators.receiver import Receiver
from tests.simulators.clock import ManualClock
from tests.simulators.graph import GraphSimulator

Received = tuple[Receiver, str]
EDGE = "/v26.0/138/subscriptions"


async def subscribe(
    http: aiohttp.ClientSession, sim: GraphSimulator, url: str, **changes: str
) -> tuple[int, dict[str, object]]:
    whole = {"object": "page", "callback_url": url, "verify_token": "v", "fields": "messages", "include_values": "true"}
    return await ask(http, sim, EDGE, verb="POST", access_token=APP_TOKEN, **{**whole, **changes})


@pytest.fixture
async def picky() -> AsyncIterator[str]:
    """Run a receiver that shakes hands with the right verify token only."""

    async def verify(request: web.Request) -> web.Response:
        if request.query["hub.verify_token"] != "right":
            return web.Response(status=403)
        return web.Response(text=request.query["hub.challenge"])

    app = web.Application()
    app.router.add_get("/webhook", verify)
    async with TestServer(app) as server:
        yield str(server.make_url("/webhook"))


async def test_subscribing_shakes_hands_and_is_listed(
    graph: GraphSimulator, http: aiohttp.ClientSession, picky: str
) -> None:
    answer = await subscribe(http, graph, picky, verify_token="right", fields="messages,message_echoes")
    _, listed = await ask(http, graph, EDGE, access_token=APP_TOKEN)

    assert answer == (200, {"success": True})
    assert listed["data"] == [
        {
            "object": "page",
            "callback_url": picky,
            "active": True,
            "fields": [{"name": "messages", "version": "v26.0"}, {"name": "message_echoes", "version": "v26.0"}],
        }
    ]


async def test_a_failed_handshake_leaves_everything_as_it_was(
    graph: GraphSimulator, http: aiohttp.ClientSession, picky: str
) -> None:
    await subscribe(http, graph, picky, verify_token="right")

    _, refused = await subscribe(http, graph, picky, verify_token="wrong", fields="feed")

    assert numbers(refused) == (2200, None)
    assert graph.app.subscriptions["page"].fields == ("messages",)


@pytest.mark.parametrize(
    "changes",
    [
        {"object": "cat"},
        {"callback_url": ""},
        {"callback_url": "http://relay.example/webhook"},
        {"fields": "messages,messaging_handover"},
        {"fields": ""},
        {"verify_token": ""},
    ],
)
async def test_a_wrong_subscription_is_refused_without_a_handshake(
    graph: GraphSimulator, http: aiohttp.ClientSession, receiver: Received, changes: dict[str, str]
) -> None:
    _, refused = await subscribe(http, graph, receiver[1], **changes)

    assert numbers(refused) == (100, None)
    assert graph.callback_url == ""


@pytest.mark.parametrize("verb", ["GET", "POST", "DELETE"])
async def test_only_the_app_itself_may_look_and_change(
    graph: GraphSimulator, http: aiohttp.ClientSession, verb: str
) -> None:
    _, refused = await ask(http, graph, EDGE, verb=verb)

    assert numbers(refused) == (15, None)


async def test_an_event_needs_its_field_at_both_levels(
    graph: GraphSimulator, http: aiohttp.ClientSession, receiver: Received
) -> None:
    peer, url = receiver
    await subscribe(http, graph, url, fields="message_reads")

    deaf = await graph.customer_says("1122", "9001", "hello")
    await subscribe(http, graph, url, fields="messages")
    heard = await graph.customer_says("1122", "9001", "hello")
    graph.world.pages["1122"].subscribed_fields = ("message_reads",)
    deaf_again = await graph.customer_says("1122", "9001", "hello")

    assert (deaf.error, deaf_again.error) == (
        "the app has not subscribed messages",
        "page 1122 has not subscribed messages",
    )
    assert (heard.status, len(peer.bodies)) == (200, 1)


async def test_removing_the_subscription_ends_the_events(
    graph: GraphSimulator, http: aiohttp.ClientSession, receiver: Received
) -> None:
    await subscribe(http, graph, receiver[1])

    await ask(http, graph, EDGE, verb="DELETE", access_token=APP_TOKEN, object="page")
    result = await graph.customer_says("1122", "9001", "hello")

    assert result.error == "the app has not subscribed messages"


async def test_one_field_can_be_removed(graph: GraphSimulator, http: aiohttp.ClientSession, receiver: Received) -> None:
    await subscribe(http, graph, receiver[1], fields="messages,feed")

    await ask(http, graph, EDGE, verb="DELETE", access_token=APP_TOKEN, object="page", fields="feed")

    assert graph.app.subscriptions["page"].fields == ("messages",)


async def fail_for(sim: GraphSimulator, clock: ManualClock, seconds: int) -> None:
    """Move the clock on by ten minutes at a time, repeating what Meta would have repeated."""
    for _ in range(seconds // 600):
        clock.advance(600)
        await sim.retry_due()


async def test_after_a_quarter_of_an_hour_the_developer_is_warned_and_after_an_hour_the_page_is_lost(
    graph: GraphSimulator, receiver: Received, clock: ManualClock
) -> None:
    peer, graph.callback_url = receiver
    peer.status = 503
    await graph.customer_says("1122", "9001", "hello")

    await fail_for(graph, clock, 1200)
    warned = [(alert.page_id, alert.title) for alert in graph.app.alerts]
    await fail_for(graph, clock, 2400)

    assert warned == [("1122", "Webhooks are failing")]
    assert [alert.title for alert in graph.app.alerts[1:]] == ["Webhooks Disabled"]
    assert graph.world.pages["1122"].subscribed_fields is None
    assert (len(graph.lost), graph.undelivered) == (1, [])


async def test_an_answer_in_between_starts_the_hour_anew(
    graph: GraphSimulator, receiver: Received, clock: ManualClock
) -> None:
    peer, graph.callback_url = receiver
    for _ in range(3):
        peer.status = 503
        await graph.customer_says("1122", "9001", "hello")
        await fail_for(graph, clock, 3000)
        peer.status = 200
        clock.advance(500)
        await graph.retry_due()

    assert graph.world.pages["1122"].subscribed_fields is not None
    assert (len(peer.bodies) > 3, graph.undelivered) == (True, [])


@pytest.mark.parametrize(("per_app", "left"), [(False, ["3344"]), (True, [])])
async def test_the_hour_counts_for_each_page_or_for_the_app(
    graph: GraphSimulator, receiver: Received, clock: ManualClock, *, per_app: bool, left: list[str]
) -> None:
    peer, graph.callback_url = receiver
    graph.watch.per_app = per_app
    graph.add_page("3344", name="Second")
    graph.add_person(page_id="3344", psid="9002", name="Bo")
    peer.status = 503
    await graph.customer_says("1122", "9001", "hello")
    clock.advance(3000)
    await graph.customer_says("3344", "9002", "hello")
    clock.advance(600)
    await graph.retry_undelivered()

    assert [page.id for page in graph.world.pages.values() if page.subscribed_fields is not None] == left


async def test_retries_come_at_once_and_then_ever_more_rarely(
    graph: GraphSimulator, receiver: Received, clock: ManualClock
) -> None:
    peer, graph.callback_url = receiver
    peer.status = 503
    await graph.customer_says("1122", "9001", "hello")
    moments = []

    for second in range(300):
        while await graph.retry_due():
            moments.append(second)
        clock.advance(1)

    assert moments == [0, 0, 0, 30, 90, 210]


async def test_a_page_that_was_lost_is_heard_again_once_it_is_subscribed_anew(
    graph: GraphSimulator, http: aiohttp.ClientSession, receiver: Received, clock: ManualClock
) -> None:
    peer, graph.callback_url = receiver
    peer.status = 503
    await graph.customer_says("1122", "9001", "in the outage")
    await fail_for(graph, clock, 3600)
    peer.status = 200

    unheard = await graph.customer_says("1122", "9001", "in the gap")
    _, listed = await ask(http, graph, "/v26.0/1122/subscribed_apps")
    await ask(http, graph, "/v26.0/1122/subscribed_apps", verb="POST", subscribed_fields="messages")
    heard = await graph.customer_says("1122", "9001", "after it")

    assert (unheard.error, listed) == ("page 1122 has not subscribed messages", {"data": []})
    assert heard.accepted
    assert [said.text for said in graph.world.conversation("1122", "9001")] == [
        "in the outage",
        "in the gap",
        "after it",
    ]
