"""Rate limits and their headers, and every refusal of Meta's tables on request."""

import json

import aiohttp
import pytest

from tests.integration.simulators.graph_client import APP_TOKEN, NEEDED, ask, numbers
from tests.simulators.clock import ManualClock
from tests.simulators.graph import GraphSimulator
from tests.simulators.graph.named_errors import NAMES
from tests.simulators.graph.pace import Pace

CONVERSATIONS = "/v26.0/1122/conversations"


async def test_there_are_no_headers_before_there_was_traffic(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{graph.url}/v26.0/me", params={"access_token": "EAAtoken"}) as answer:
        assert not {"X-App-Usage", "X-Business-Use-Case-Usage"} & set(answer.headers)


async def test_the_headers_tell_percent_and_minutes(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    graph.usage.set_app(28)
    graph.usage.set_page("1122", 95, regain_min=19)

    async with http.get(f"{graph.url}/v26.0/me", params={"access_token": "EAAtoken"}) as answer:
        app, page = (json.loads(answer.headers[name]) for name in ("X-App-Usage", "X-Business-Use-Case-Usage"))

    counts = {"call_count": 95, "total_cputime": 95, "total_time": 95}
    assert app == {"call_count": 28, "total_cputime": 28, "total_time": 28}
    assert page == {"1122": [{"type": "messenger", **counts, "estimated_time_to_regain_access": 19}]}


async def test_at_a_hundred_percent_calls_are_refused_and_still_say_how_much(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    graph.usage.set_app(100)
    graph.usage.set_page("1122", 100, regain_min=5)

    _, app = await ask(http, graph, "/v26.0/138", access_token=APP_TOKEN)
    async with http.get(f"{graph.url}/v26.0/me", params={"access_token": "EAAtoken"}) as answer:
        page, headers = await answer.json(), answer.headers

    assert (numbers(app), numbers(page)) == ((4, None), (80006, None))
    assert "X-Business-Use-Case-Usage" in headers


async def test_a_page_may_read_conversations_twice_a_second(
    graph: GraphSimulator, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    statuses = []

    for wait_s in (0, 0, 0, 0.5, 0):
        clock.advance(wait_s)
        statuses.append((await ask(http, graph, CONVERSATIONS))[0])

    assert statuses == [200, 200, 400, 200, 400]


async def test_the_pace_of_one_page_is_not_that_of_another(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    graph.add_page("3344", name="Second", token="EAAsecond")
    for _ in range(3):
        await ask(http, graph, CONVERSATIONS)

    status, _ = await ask(http, graph, "/v26.0/3344/conversations", access_token="EAAsecond")

    assert status == 200


def test_calls_that_are_evenly_spaced_pass_though_one_is_late() -> None:
    pace = Pace(2.0)

    assert all(pace.admits("1122", at) for at in (0.0, 0.52, 1.0, 1.5, 2.04, 2.5, 3.0))


@pytest.mark.parametrize("name", NAMES)
async def test_every_refusal_can_be_had_by_name(graph: GraphSimulator, http: aiohttp.ClientSession, name: str) -> None:
    graph.refuse(name, page_id="1122")

    status, refused = await ask(http, graph, "/v26.0/me")
    after, _ = await ask(http, graph, "/v26.0/me")

    assert status >= 400
    assert set(refused["error"]) >= {"message", "type", "code", "is_transient", "fbtrace_id"}
    assert after == 200


async def test_a_refusal_meets_the_calls_that_are_meant_and_no_others(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    graph.add_page("3344", name="Second", token="EAAsecond")
    graph.add_admin("218471", name="Ada", pages=["1122"])
    person = graph.grant("218471", NEEDED)
    graph.refuse("password_changed", page_id="1122", match="subscribed_apps", times=None)
    graph.refuse("user_throttled", token=person)

    _, page = await ask(http, graph, "/v26.0/1122/subscribed_apps")
    other_edge, _ = await ask(http, graph, "/v26.0/1122")
    other_page, _ = await ask(http, graph, "/v26.0/3344/subscribed_apps", access_token="EAAsecond")
    _, of_person = await ask(http, graph, "/v26.0/me", access_token=person)

    assert (numbers(page), numbers(of_person)) == ((190, 460), (17, None))
    assert (other_edge, other_page) == (200, 200)


def test_a_refusal_that_does_not_exist_is_named(graph: GraphSimulator) -> None:
    with pytest.raises(KeyError, match="no refusal is called nonsense; there are app_removed"):
        graph.refuse("nonsense")
