"""Who may call the simulated Graph API: tokens, proofs, versions; and its smaller edges."""

import aiohttp
import pytest

from tests.integration.simulators.graph_client import ask, numbers
from tests.simulators.clock import ManualClock
from tests.simulators.graph import GraphError, GraphSimulator
from tests.simulators.graph.meta_json import appsecret_proof

SECRET = "app-secret-example"


async def test_without_a_token_nobody_gets_anything(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    _, answer = await ask(http, graph, "/v26.0/me", access_token="")

    assert numbers(answer) == (104, None)


async def test_a_token_that_was_never_issued_is_refused(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    _, answer = await ask(http, graph, "/v26.0/me", access_token="EAAother")

    assert numbers(answer) == (190, None)
    assert answer["error"]["type"] == "OAuthException"


@pytest.mark.parametrize("subcode", [458, 459, 460, 463, 464, 467, 492, None])
async def test_a_dead_token_says_why_it_died(
    graph: GraphSimulator, http: aiohttp.ClientSession, subcode: int | None
) -> None:
    graph.kill_token("EAAtoken", subcode=subcode)

    _, answer = await ask(http, graph, "/v26.0/me")

    assert numbers(answer) == (190, subcode)


async def test_a_new_token_works_beside_a_dead_one(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    graph.kill_token("EAAtoken")
    token = graph.issue_token("1122")

    status, _ = await ask(http, graph, "/v26.0/me", access_token=token)

    assert status == 200


async def test_the_token_of_one_page_does_not_open_another(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    graph.add_page("3344", name="Other")

    _, answer = await ask(http, graph, "/v26.0/3344/subscribed_apps")

    assert numbers(answer) == (100, 33)


async def test_an_app_may_demand_a_proof_with_every_call(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    graph.require_proof = True

    _, without = await ask(http, graph, "/v26.0/me")
    status, _ = await ask(http, graph, "/v26.0/me", appsecret_proof=appsecret_proof("EAAtoken", app_secret=SECRET))

    assert numbers(without) == (100, None)
    assert status == 200


async def test_a_wrong_proof_is_refused_even_where_none_is_demanded(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    _, answer = await ask(http, graph, "/v26.0/me", appsecret_proof="0" * 64)

    assert numbers(answer) == (100, None)


@pytest.mark.parametrize(
    ("age_s", "status"),
    [pytest.param(300, 200, id="five minutes old"), pytest.param(301, 400, id="a second older")],
)
async def test_a_timed_proof_lives_five_minutes(
    graph: GraphSimulator, http: aiohttp.ClientSession, clock: ManualClock, age_s: int, status: int
) -> None:
    made_at = int(clock()) - age_s
    proof = appsecret_proof("EAAtoken", app_secret=SECRET, at_s=made_at)

    answered, _ = await ask(http, graph, "/v26.0/me", appsecret_proof=proof, appsecret_time=str(made_at))

    assert answered == status


@pytest.mark.parametrize(
    ("version", "code"),
    [
        pytest.param("v20.0", 2635, id="gone"),
        pytest.param("v3.1", 2635, id="long gone"),
        pytest.param("v99.0", 2500, id="not yet there"),
    ],
)
async def test_a_version_that_is_not_alive_is_refused(
    graph: GraphSimulator, http: aiohttp.ClientSession, version: str, code: int
) -> None:
    _, answer = await ask(http, graph, f"/{version}/me")

    assert numbers(answer) == (code, None)


async def test_a_call_without_a_version_gets_the_oldest_live_one(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{graph.url}/me", params={"access_token": "EAAtoken"}) as answer:
        assert answer.headers["facebook-api-version"] == "v21.0"


@pytest.mark.parametrize("path", ["/", "/v26.0", "/v26.0/1122/cats", "/v26.0/1122/messages/1"])
async def test_an_unknown_path_is_named(graph: GraphSimulator, http: aiohttp.ClientSession, path: str) -> None:
    _, answer = await ask(http, graph, path)

    assert numbers(answer) == (2500, None)


async def test_a_page_tells_of_itself(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    assert await ask(http, graph, "/v26.0/me", fields="name") == (200, {"name": "Acme", "id": "1122"})


async def test_an_unknown_field_is_refused(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    _, answer = await ask(http, graph, "/v26.0/me", fields="name,shoe_size")

    assert numbers(answer) == (100, None)
    assert "(shoe_size)" in answer["error"]["message"]


async def test_a_person_has_a_profile_of_the_fields_asked_for(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    status, answer = await ask(http, graph, "/v26.0/9001", fields="first_name,last_name,gender")

    assert (status, answer) == (200, {"first_name": "Ada", "last_name": "Lovelace", "id": "9001"})


@pytest.mark.parametrize("psid", ["9002", "4711"])
async def test_the_person_of_another_page_is_not_there(
    graph: GraphSimulator, http: aiohttp.ClientSession, psid: str
) -> None:
    graph.add_page("3344", name="Other")
    graph.add_person(page_id="3344", psid="9002", name="Bo")

    _, answer = await ask(http, graph, f"/v26.0/{psid}", fields="name")

    assert numbers(answer) == (100, 33)


async def test_a_profile_may_be_out_of_reach(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    person = graph.add_person(page_id="1122", psid="9003", name="Cy")
    person.profile_error = GraphError("(#2018218) Profile not available", code=2018218)

    _, answer = await ask(http, graph, "/v26.0/9003")

    assert numbers(answer) == (2018218, None)


@pytest.mark.parametrize(
    "fields",
    [pytest.param("messages,message_echoes", id="list"), pytest.param('["messages","message_echoes"]', id="JSON")],
)
async def test_subscribing_replaces_the_fields_and_removing_uninstalls(
    graph: GraphSimulator, http: aiohttp.ClientSession, fields: str
) -> None:
    edge = "/v26.0/1122/subscribed_apps"

    assert await ask(http, graph, edge, verb="POST", subscribed_fields=fields) == (200, {"success": True})
    _, listed = await ask(http, graph, edge)
    assert await ask(http, graph, edge, verb="DELETE") == (200, {"success": True})
    _, after = await ask(http, graph, edge)

    assert [(app["id"], app["subscribed_fields"]) for app in listed["data"]] == [
        ("138", ["messages", "message_echoes"])
    ]
    assert after == {"data": []}


@pytest.mark.parametrize("fields", ["messages,messaging_handover", "", "[broken"])
async def test_unknown_fields_are_refused_and_the_subscription_stays(
    graph: GraphSimulator, http: aiohttp.ClientSession, fields: str
) -> None:
    before = graph.world.pages["1122"].subscribed_fields

    _, answer = await ask(http, graph, "/v26.0/1122/subscribed_apps", verb="POST", subscribed_fields=fields)

    assert numbers(answer) == (100, None)
    assert graph.world.pages["1122"].subscribed_fields == before
