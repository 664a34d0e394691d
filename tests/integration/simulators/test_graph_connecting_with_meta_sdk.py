"""Meta's own SDK finds pages, portfolios, subscriptions, tokens and history where it expects them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from facebook_business.adobjects.application import Application
from facebook_business.adobjects.business import Business
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.unifiedthread import UnifiedThread
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from tests.integration.simulators.graph_client import APP_TOKEN, NEEDED
from tests.integration.simulators.receiver import Receiver
from tests.integration.simulators.test_graph_with_meta_sdk import in_thread
from tests.simulators.graph import GraphSimulator

OpenApi = Callable[[str], Any]

ADA = "218471"
MANY = 30


@pytest.fixture
def api(graph: GraphSimulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenApi]:
    """Open the API with a token through the SDK, with proofs demanded."""
    monkeypatch.setattr(FacebookSession, "GRAPH", graph.url)
    graph.require_proof = True
    sessions = []

    def opened(token: str) -> Any:
        sessions.append(FacebookSession(graph.app_id, graph.app_secret, token))
        return FacebookAdsApi(sessions[-1], api_version="v26.0")

    yield opened
    for session in sessions:
        session.requests.close()


@pytest.fixture
def user_token(graph: GraphSimulator) -> str:
    """Let Ada run many pages, one of them through a portfolio."""
    more = [str(5000 + number) for number in range(MANY)]
    for page_id in more:
        graph.add_page(page_id, name=f"Page {page_id}")
    ada = graph.add_admin(ADA, name="Ada Admin", pages=["1122", *more])
    graph.add_business("777", name="Agency", admins=[ada], client=["1122"])
    return graph.grant(ADA, NEEDED)


async def test_it_lists_the_accounts_over_several_parts(graph: GraphSimulator, api: OpenApi, user_token: str) -> None:
    user = User("me", api=api(user_token))

    pages = await in_thread(lambda: list(user.get_accounts(fields=["id", "name", "access_token"])))

    assert len(pages) == MANY + 1
    assert len(graph.ledger.calls("accounts")) == 2
    assert pages[0]["access_token"] == graph.page_token(user_token, "1122")


async def test_it_goes_over_the_portfolio(graph: GraphSimulator, api: OpenApi, user_token: str) -> None:
    opened = api(user_token)

    (business,) = await in_thread(lambda: list(User("me", api=opened).get_businesses(fields=["id", "name"])))
    agency = Business(business["id"], api=opened)
    owned = await in_thread(lambda: list(agency.get_owned_pages(fields=["id"])))
    (client,) = await in_thread(lambda: list(agency.get_client_pages(fields=["id", "access_token"])))

    assert (business["name"], owned, client["id"]) == ("Agency", [], "1122")


async def test_it_lists_and_takes_back_permissions(graph: GraphSimulator, api: OpenApi, user_token: str) -> None:
    user = User(ADA, api=api(user_token))

    listed = await in_thread(lambda: list(user.get_permissions()))
    await in_thread(lambda: user.delete_permissions(params={"permission": "pages_messaging"}))

    assert {(one["permission"], one["status"]) for one in listed} >= {(name, "granted") for name in NEEDED}
    assert not graph.world.admins[ADA].allows("pages_messaging")


async def test_it_inspects_a_token(graph: GraphSimulator, api: OpenApi, user_token: str) -> None:
    page_token = graph.page_token(user_token, "1122")
    opened = api(APP_TOKEN)

    answer = await in_thread(lambda: opened.call("GET", ("debug_token",), params={"input_token": page_token}).json())

    told = answer["data"]
    assert (told["type"], told["is_valid"], told["expires_at"], told["profile_id"]) == ("PAGE", True, 0, "1122")


async def test_it_subscribes_the_app(graph: GraphSimulator, api: OpenApi, receiver: tuple[Receiver, str]) -> None:
    application = Application(graph.app_id, api=api(APP_TOKEN))
    params = {
        "object": "page",
        "callback_url": receiver[1],
        "verify_token": "v",
        "fields": ["messages", "message_echoes"],
        "include_values": True,
    }

    await in_thread(lambda: application.create_subscription(params=params))
    (listed,) = await in_thread(lambda: list(application.get_subscriptions()))
    await in_thread(lambda: application.delete_subscriptions(params={"object": "page"}))

    assert (listed["object"], [field["name"] for field in listed["fields"]]) == ("page", ["messages", "message_echoes"])
    assert graph.app.subscriptions == {}


async def test_it_reads_history(graph: GraphSimulator, api: OpenApi, user_token: str) -> None:
    for text in ("one", "two"):
        await graph.customer_says("1122", "9001", text)
    opened = api(graph.page_token(user_token, "1122"))

    (thread,) = await in_thread(lambda: list(Page("1122", api=opened).get_conversations(fields=["id", "updated_time"])))
    unified = UnifiedThread(thread["id"], api=opened)
    messages = await in_thread(lambda: list(unified.get_messages(params={"fields": "id,message,from"})))

    assert [message["message"] for message in messages] == ["two", "one"]
    assert [message["id"] for message in messages] == [said.mid for said in reversed(graph.world.said)]


async def test_it_understands_why_a_token_died(graph: GraphSimulator, api: OpenApi, user_token: str) -> None:
    opened = api(graph.page_token(user_token, "1122"))
    graph.fate.changes_password(ADA)

    with pytest.raises(FacebookRequestError) as caught:
        await in_thread(Page("1122", api=opened).get_subscribed_apps)

    assert (caught.value.api_error_code(), caught.value.api_error_subcode()) == (190, 460)
