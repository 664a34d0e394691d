"""What a person's token leads to: pages, portfolios, permissions; and what is missing from them."""

from collections.abc import Callable

import aiohttp
import pytest

from tests.integration.simulators.graph_client import APP_TOKEN, NEEDED, ask, ids, numbers
from tests.simulators.clock import ManualClock
from tests.simulators.graph import Admin, GraphSimulator

ADA = "218471"
WITHOUT_BUSINESS = tuple(name for name in NEEDED if name != "business_management")


@pytest.fixture
def admin(graph: GraphSimulator) -> Admin:
    """Return someone who runs two pages of their own and one of a portfolio."""
    for page_id, name in (("3344", "Second"), ("5566", "Of the agency")):
        graph.add_page(page_id, name=name)
    ada = graph.add_admin(ADA, name="Ada Admin", pages=["1122", "3344", "5566"])
    graph.add_business("777", name="Agency", admins=[ada], client=["5566"])
    return ada


async def test_pages_come_with_token_tasks_and_category(
    graph: GraphSimulator, http: aiohttp.ClientSession, admin: Admin
) -> None:
    token = graph.grant(ADA, NEEDED, pages=["1122"])

    _, answer = await ask(http, graph, "/v26.0/me/accounts", access_token=token)

    assert answer["data"] == [
        {
            "access_token": graph.page_token(token, "1122"),
            "category": "Local business",
            "name": "Acme",
            "id": "1122",
            "tasks": ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"],
        }
    ]


async def test_cursors_lead_through_all_pages_and_next_holds_the_token(
    graph: GraphSimulator, http: aiohttp.ClientSession, admin: Admin
) -> None:
    token = graph.grant(ADA, NEEDED)
    listed: list[str] = []
    addresses: list[str] = []
    after = ""

    while not addresses or addresses[-1]:
        params = {"limit": "1", "fields": "id"} | ({"after": after} if after else {})
        _, answer = await ask(http, graph, "/v26.0/me/accounts", access_token=token, **params)
        listed += ids(answer)
        after = answer["paging"]["cursors"]["after"]
        addresses.append(answer["paging"].get("next", ""))

    assert listed == ["1122", "3344", "5566"]
    assert all(address.startswith(f"{graph.url}/v26.0/me/accounts?access_token={token}") for address in addresses[:2])
    assert len(addresses) == 3


async def test_the_address_of_next_can_be_followed(
    graph: GraphSimulator, http: aiohttp.ClientSession, admin: Admin
) -> None:
    token = graph.grant(ADA, NEEDED)
    _, first = await ask(http, graph, "/v26.0/me/accounts", access_token=token, limit="2")

    async with http.get(first["paging"]["next"]) as answer:
        assert ids(await answer.json()) == ["5566"]


@pytest.mark.parametrize(
    "params",
    [pytest.param({"after": "bm9uc2Vuc2U="}, id="cursor"), pytest.param({"limit": "0"}, id="limit")],
)
async def test_a_wrong_cursor_or_limit_is_refused(
    graph: GraphSimulator, http: aiohttp.ClientSession, admin: Admin, params: dict[str, str]
) -> None:
    token = graph.grant(ADA, NEEDED)

    _, answer = await ask(http, graph, "/v26.0/me/accounts", access_token=token, **params)

    assert numbers(answer) == (100, None)


async def test_without_business_management_a_portfolios_page_is_missing_in_silence(
    graph: GraphSimulator, http: aiohttp.ClientSession, admin: Admin
) -> None:
    token = graph.grant(ADA, WITHOUT_BUSINESS, pages=["5566"])

    status, answer = await ask(http, graph, "/v26.0/me/accounts", access_token=token)

    assert (status, answer) == (200, {"data": []})


async def test_the_way_over_the_portfolio_leads_to_its_pages(
    graph: GraphSimulator, http: aiohttp.ClientSession, admin: Admin
) -> None:
    admin.businesses[0].in_accounts = False
    token = graph.grant(ADA, NEEDED)

    _, accounts = await ask(http, graph, "/v26.0/me/accounts", access_token=token)
    _, businesses = await ask(http, graph, "/v26.0/me/businesses", access_token=token)
    _, owned = await ask(http, graph, "/v26.0/777/owned_pages", access_token=token)
    _, client = await ask(
        http, graph, "/v26.0/777/client_pages", access_token=token, fields="id,name,access_token,tasks"
    )

    assert (ids(accounts), businesses["data"]) == (["1122", "3344"], [{"id": "777", "name": "Agency"}])
    assert (owned, ids(client)) == ({"data": []}, ["5566"])
    assert client["data"][0]["access_token"] == graph.page_token(token, "5566")


@pytest.mark.parametrize("path", ["/v26.0/me/businesses", "/v26.0/777/client_pages", "/v26.0/777"])
async def test_portfolios_need_their_permission(
    graph: GraphSimulator, http: aiohttp.ClientSession, admin: Admin, path: str
) -> None:
    token = graph.grant(ADA, WITHOUT_BUSINESS)

    status, answer = await ask(http, graph, path, access_token=token)

    assert (status, numbers(answer)) == (403, (200, None))


async def test_without_pages_show_list_there_are_no_pages(
    graph: GraphSimulator, http: aiohttp.ClientSession, admin: Admin
) -> None:
    token = graph.grant(ADA, ["pages_messaging"])

    assert await ask(http, graph, "/v26.0/me/accounts", access_token=token) == (200, {"data": []})


async def test_a_single_page_tells_the_token_of_who_asks(
    graph: GraphSimulator, http: aiohttp.ClientSession, admin: Admin
) -> None:
    token = graph.grant(ADA, NEEDED, pages=["1122"])

    _, ticked = await ask(http, graph, "/v26.0/1122", access_token=token, fields="access_token,name")
    _, other = await ask(http, graph, "/v26.0/3344", access_token=token, fields="access_token,name")

    assert ticked == {"access_token": graph.page_token(token, "1122"), "name": "Acme", "id": "1122"}
    assert numbers(other) == (100, 33)


@pytest.mark.parametrize(("long", "later"), [(True, (200, 200)), (False, (200, 400))])
async def test_a_page_token_lives_as_long_as_what_it_was_made_from_allows(
    graph: GraphSimulator,
    http: aiohttp.ClientSession,
    admin: Admin,
    clock: ManualClock,
    *,
    long: bool,
    later: tuple[int, int],
) -> None:
    token = graph.page_token(graph.grant(ADA, NEEDED, long_lived=long), "1122")
    statuses = []

    for seconds in (3599, 1):
        clock.advance(seconds)
        statuses.append((await ask(http, graph, "/v26.0/me", access_token=token))[0])

    assert tuple(statuses) == later


@pytest.mark.parametrize(
    ("tasks", "status"),
    [
        pytest.param(["MODERATE"], 200, id="moderate"),
        pytest.param(["PROFILE_PLUS_MODERATE"], 200, id="moderate, New Pages"),
        pytest.param(["PROFILE_PLUS_FULL_CONTROL"], 200, id="full control, New Pages"),
        pytest.param(["ANALYZE", "ADVERTISE"], 403, id="neither"),
    ],
)
async def test_subscribing_needs_a_task_on_the_page(
    graph: GraphSimulator, http: aiohttp.ClientSession, admin: Admin, tasks: list[str], status: int
) -> None:
    admin.roles["1122"] = tuple(tasks)
    token = graph.page_token(graph.grant(ADA, NEEDED), "1122")

    answered, _ = await ask(
        http, graph, "/v26.0/1122/subscribed_apps", verb="POST", access_token=token, subscribed_fields="messages"
    )

    assert answered == status


@pytest.mark.parametrize(
    ("missing", "field", "status"),
    [
        ("pages_manage_metadata", "feed", 403),
        ("pages_show_list", "feed", 403),
        ("pages_messaging", "messages", 403),
        ("pages_messaging", "feed", 200),
    ],
)
async def test_subscribing_needs_the_permissions_of_its_fields(
    graph: GraphSimulator, http: aiohttp.ClientSession, admin: Admin, missing: str, field: str, status: int
) -> None:
    token = graph.page_token(graph.grant(ADA, [name for name in NEEDED if name != missing]), "1122")

    answered, _ = await ask(
        http, graph, "/v26.0/1122/subscribed_apps", verb="POST", access_token=token, subscribed_fields=field
    )

    assert answered == status


@pytest.mark.parametrize("whose", ["the person's", "the app's"])
async def test_subscribing_needs_the_pages_own_token(
    graph: GraphSimulator, http: aiohttp.ClientSession, admin: Admin, whose: str
) -> None:
    token = APP_TOKEN if whose == "the app's" else graph.grant(ADA, NEEDED)

    _, answer = await ask(http, graph, "/v26.0/1122/subscribed_apps", verb="DELETE", access_token=token)

    assert numbers(answer) == (210, None)
    assert graph.world.pages["1122"].subscribed_fields is not None


async def test_the_apps_token_may_be_allowed_to_unsubscribe_a_page(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    graph.service.subscriptions.app_token_removes = True

    await ask(http, graph, "/v26.0/1122/subscribed_apps", verb="DELETE", access_token=APP_TOKEN)

    assert graph.world.pages["1122"].subscribed_fields is None


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(lambda: f"/v26.0/{ADA}/permissions/pages_messaging", id="in the path"),
        pytest.param(lambda: f"/v26.0/{ADA}/permissions?permission=pages_messaging", id="as a parameter"),
    ],
)
async def test_one_permission_can_be_taken_back(
    graph: GraphSimulator, http: aiohttp.ClientSession, admin: Admin, path: Callable[[], str]
) -> None:
    token = graph.grant(ADA, NEEDED)

    async with http.delete(graph.url + path(), headers={"Authorization": f"Bearer {token}"}) as answer:
        told = await answer.json()
    _, left = await ask(http, graph, "/v26.0/me/permissions", access_token=token)

    assert told == {"success": True}
    assert "pages_messaging" not in {one["permission"] for one in left["data"]}


async def test_a_person_is_nobody_elses_business(
    graph: GraphSimulator, http: aiohttp.ClientSession, admin: Admin
) -> None:
    graph.add_admin("99", name="Bo", pages=["1122"])
    token = graph.grant("99", NEEDED)

    _, other = await ask(http, graph, f"/v26.0/{ADA}/permissions", access_token=token)
    _, business = await ask(http, graph, "/v26.0/777/owned_pages", access_token=token)

    assert (numbers(other), numbers(business)) == ((100, 33), (100, 33))
