"""How tokens die, and what `debug_token` tells of them alive and dead."""

from collections.abc import Callable

import aiohttp
import pytest

from tests.integration.simulators.graph_client import APP_TOKEN, NEEDED, ask, numbers
from tests.simulators.clock import START_AT, ManualClock
from tests.simulators.graph import GraphSimulator
from tests.simulators.graph.meta_json import appsecret_proof

ADA = "218471"
DAY_S = 24 * 3600

Deed = Callable[[GraphSimulator], None]


@pytest.fixture(autouse=True)
def world(graph: GraphSimulator) -> None:
    """Let Ada run a page."""
    graph.add_admin(ADA, name="Ada Admin", pages=["1122"])


async def inspected(http: aiohttp.ClientSession, sim: GraphSimulator, token: str) -> dict[str, object]:
    _, answer = await ask(http, sim, "/v26.0/debug_token", access_token=APP_TOKEN, input_token=token)
    return dict(answer["data"])


def changes_password(sim: GraphSimulator) -> None:
    sim.fate.changes_password(ADA)


def logs_out(sim: GraphSimulator) -> None:
    sim.fate.logs_out(ADA)


def meets_checkpoint(sim: GraphSimulator) -> None:
    sim.fate.meets_checkpoint(ADA)


def loses_role(sim: GraphSimulator) -> None:
    sim.fate.loses_role(ADA, "1122")


def removes_app(sim: GraphSimulator) -> None:
    sim.fate.forget(sim.world.admins[ADA])


@pytest.mark.parametrize(
    ("deed", "subcode"),
    [(removes_app, 458), (meets_checkpoint, 459), (changes_password, 460), (logs_out, 467), (loses_role, 492)],
)
async def test_every_way_to_die_has_its_subcode_in_calls_and_in_debug_token(
    graph: GraphSimulator, http: aiohttp.ClientSession, deed: Deed, subcode: int
) -> None:
    token = graph.page_token(graph.grant(ADA, NEEDED), "1122")

    deed(graph)
    _, refused = await ask(http, graph, "/v26.0/me", access_token=token)
    told = await inspected(http, graph, token)

    assert numbers(refused) == (190, subcode)
    assert (told["is_valid"], told["error"]) == (
        False,
        {"code": 190, "subcode": subcode, "message": refused["error"]["message"]},
    )


async def test_a_token_that_expired_says_so(
    graph: GraphSimulator, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    token = graph.grant(ADA, NEEDED)
    clock.advance(60 * DAY_S)

    _, refused = await ask(http, graph, "/v26.0/me", access_token=token)

    assert numbers(refused) == (190, 463)


async def test_after_a_lost_role_a_new_login_brings_no_token_for_the_page(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    graph.fate.loses_role(ADA, "1122")
    token = graph.grant(ADA, NEEDED)

    assert (await ask(http, graph, "/v26.0/me/accounts", access_token=token))[1] == {"data": []}


async def test_after_a_checkpoint_the_same_token_works_again(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    token = graph.grant(ADA, NEEDED)
    graph.fate.meets_checkpoint(ADA)
    graph.fate.passes_checkpoint(ADA)

    assert (await ask(http, graph, "/v26.0/me", access_token=token))[0] == 200


async def test_a_new_login_after_a_password_change_gives_a_token_that_works(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    old = graph.page_token(graph.grant(ADA, NEEDED), "1122")
    graph.fate.changes_password(ADA)
    new = graph.page_token(graph.grant(ADA, NEEDED), "1122")

    assert old != new
    assert (await ask(http, graph, "/v26.0/me", access_token=new))[0] == 200


async def test_a_new_app_secret_ends_every_token_and_signs_from_then_on(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    before = graph.sign(b"{}")
    graph.fate.resets_secret("another-secret")

    _, page = await ask(http, graph, "/v26.0/me")
    _, old = await ask(http, graph, "/v26.0/138", access_token=APP_TOKEN)
    status, _ = await ask(http, graph, "/v26.0/138", access_token="138|another-secret")

    assert (numbers(page), numbers(old), status) == ((190, None), (190, None), 200)
    assert graph.sign(b"{}") != before


async def test_debug_token_tells_everything_of_a_page_token(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    token = graph.page_token(graph.grant(ADA, ["pages_messaging", "business_management"], pages=["1122"]), "1122")

    assert await inspected(http, graph, token) == {
        "app_id": "138",
        "type": "PAGE",
        "application": "Social Relay",
        "is_valid": True,
        "issued_at": int(START_AT),
        "expires_at": 0,
        "data_access_expires_at": int(START_AT) + 90 * DAY_S,
        "scopes": ["public_profile", "pages_messaging", "business_management"],
        "granular_scopes": [{"scope": "pages_messaging", "target_ids": ["1122"]}],
        "profile_id": "1122",
        "user_id": ADA,
    }


async def test_debug_token_of_a_person_names_no_targets_where_all_pages_were_allowed(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    told = await inspected(http, graph, graph.grant(ADA, ["pages_messaging"]))

    assert (told["type"], told["expires_at"]) == ("USER", int(START_AT) + 60 * DAY_S)
    assert told["granular_scopes"] == [{"scope": "pages_messaging"}]


async def test_debug_token_may_write_the_app_id_as_a_number(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    graph.service.inspection.app_id_as_number = True

    assert (await inspected(http, graph, "EAAtoken"))["app_id"] == 138


async def test_debug_token_of_a_forged_token_is_an_error_inside_of_an_answer(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    told = await inspected(http, graph, "EAAforged")

    assert (told["is_valid"], told["scopes"]) == (False, [])


@pytest.mark.parametrize(
    ("asked_by", "params", "code"),
    [
        pytest.param("EAAtoken", {"input_token": "EAAtoken"}, 100, id="with a page's token"),
        pytest.param("138|wrong", {"input_token": "EAAtoken"}, 190, id="with a wrong secret"),
        pytest.param(APP_TOKEN, {}, 100, id="without a question"),
    ],
)
async def test_debug_token_is_for_the_app_alone(
    graph: GraphSimulator, http: aiohttp.ClientSession, asked_by: str, params: dict[str, str], code: int
) -> None:
    _, answer = await ask(http, graph, "/v26.0/debug_token", access_token=asked_by, **params)

    assert numbers(answer) == (code, None)


async def test_a_proof_belongs_to_its_token_for_persons_too(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    graph.require_proof = True
    token = graph.grant(ADA, NEEDED)
    right, wrong = (appsecret_proof(text, app_secret="app-secret-example") for text in (token, "EAAtoken"))

    statuses = [
        (await ask(http, graph, "/v26.0/me/accounts", access_token=token, appsecret_proof=proof))[0]
        for proof in (right, wrong)
    ]

    assert statuses == [200, 400]


async def test_a_demanded_proof_is_demanded_of_the_app_itself_too(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    graph.require_proof = True
    proof = appsecret_proof(APP_TOKEN, app_secret="app-secret-example")

    _, without = await ask(http, graph, "/v26.0/138", access_token=APP_TOKEN)
    status, _ = await ask(http, graph, "/v26.0/138", access_token=APP_TOKEN, appsecret_proof=proof)

    assert (numbers(without), status) == ((100, None), 200)


@pytest.mark.parametrize("name", ["input_token", "appsecret_proof", "fields", "limit", "platform", "permission"])
@pytest.mark.parametrize("value", [None, [], {"a": 1}, -1, 1.5, True, "\ud800", "{"], ids=repr)
@pytest.mark.parametrize("path", ["debug_token", "me/accounts", "me/permissions", "1122/conversations"])
async def test_values_of_any_kind_are_answered_and_never_an_internal_error(
    graph: GraphSimulator, http: aiohttp.ClientSession, path: str, name: str, value: object
) -> None:
    token = {"debug_token": APP_TOKEN, "1122/conversations": "EAAtoken"}.get(path) or graph.grant(ADA, NEEDED)
    body = {"access_token": token, name: value}

    async with http.get(f"{graph.url}/v26.0/{path}", json=body) as answer:
        told = await answer.json()

    assert answer.status == 200 or told["error"]["code"] in {100, 190, 2500}


async def test_the_app_tells_its_name(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    _, told = await ask(http, graph, "/v26.0/138", access_token=APP_TOKEN, fields="id,name")

    assert told == {"id": "138", "name": "Social Relay"}


async def test_the_app_is_nobody_who_could_be_asked_for_me(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    _, refused = await ask(http, graph, "/v26.0/me", access_token=APP_TOKEN)

    assert numbers(refused) == (2500, None)
