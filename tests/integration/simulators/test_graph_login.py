"""Facebook Login as a plain HTTP client meets it: what the dialog refuses, what comes back, what a code is worth."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from tests.integration.simulators.graph_client import NEEDED, REDIRECT_URI, ask, ids, numbers
from tests.simulators.clock import ManualClock
from tests.simulators.graph import GraphSimulator

SECRET = "app-secret-example"
ADA = "218471"


@pytest.fixture(autouse=True)
def world(graph: GraphSimulator) -> None:
    """Let Ada run two pages, and be the one who sits at the browser."""
    graph.add_page("3344", name="Cafe Ücker & Söhne")
    graph.add_admin(ADA, name="Ada Admin", pages=["1122", "3344"])
    graph.app.add_redirect_uri(REDIRECT_URI)
    graph.login.signed_in = ADA


def asked(**changes: str) -> dict[str, str]:
    """Return the parameters of a login; an empty text leaves one out."""
    whole = {"client_id": "138", "redirect_uri": REDIRECT_URI, "state": "s t+1", "response_type": "code"}
    return {name: value for name, value in (whole | {"scope": ",".join(NEEDED)} | changes).items() if value}


async def decide(
    http: aiohttp.ClientSession, sim: GraphSimulator, form: Mapping[str, str], answer: str = "continue"
) -> str:
    """Press a button of the dialog and return where it leads."""
    async with http.post(
        f"{sim.url}/v26.0/dialog/oauth", data={**form, "sim_answer": answer}, allow_redirects=False
    ) as told:
        assert told.status == 302
        return told.headers["Location"]


async def get_code(http: aiohttp.ClientSession, sim: GraphSimulator, **changes: str) -> str:
    """Agree to everything on one page."""
    boxes = {f"sim_permission_{name}": "on" for name in NEEDED} | {"sim_page_1122": "on"}
    return parse_qs(urlsplit(await decide(http, sim, asked(**changes) | boxes)).query)["code"][0]


async def exchange(http: aiohttp.ClientSession, sim: GraphSimulator, **params: str) -> tuple[int, dict[str, Any]]:
    """Ask for a token as the app."""
    whole = {"access_token": "", "client_id": "138", "client_secret": SECRET, "redirect_uri": REDIRECT_URI} | params
    return await ask(http, sim, "/v26.0/oauth/access_token", **whole)


async def long_lived(http: aiohttp.ClientSession, sim: GraphSimulator, short: str) -> tuple[int, dict[str, Any]]:
    return await exchange(http, sim, grant_type="fb_exchange_token", fb_exchange_token=short)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"client_id": "139"}, "Invalid App ID", id="another app"),
        pytest.param({"redirect_uri": REDIRECT_URI + "/"}, "URL Blocked", id="a slash more"),
        pytest.param({"redirect_uri": REDIRECT_URI + "?x=1"}, "URL Blocked", id="a query more"),
        pytest.param({"redirect_uri": "https://evil.test/"}, "URL Blocked", id="somebody else's address"),
        pytest.param({"redirect_uri": ""}, "URL Blocked", id="no address"),
        pytest.param({"scope": "pages_show_list,pages_fly"}, "Invalid Scopes: pages_fly", id="an unknown scope"),
        pytest.param({"scope": "", "config_id": "9"}, "Invalid config_id", id="an unknown configuration"),
        pytest.param({"response_type": "token"}, "Invalid response_type", id="the token in the browser"),
        pytest.param({"state": ""}, "Missing state", id="no state"),
    ],
)
async def test_a_wrong_login_is_shown_to_the_person_and_never_leads_back(
    graph: GraphSimulator, http: aiohttp.ClientSession, changes: dict[str, str], words: str
) -> None:
    async with http.get(f"{graph.url}/v26.0/dialog/oauth", params=asked(**changes), allow_redirects=False) as answer:
        page = await answer.text()

    assert (answer.status, words in page) == (400, True)
    assert "Location" not in answer.headers


def test_the_dashboard_saves_no_plain_address_but_this_machine(graph: GraphSimulator) -> None:
    with pytest.raises(ValueError, match="https addresses only"):
        graph.app.add_redirect_uri("http://relay.example/facebook/callback")


async def test_the_dialog_asks_who_is_there_unless_it_is_known(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    graph.login.signed_in = ""

    async with http.get(f"{graph.url}/v26.0/dialog/oauth", params=asked()) as answer:
        page = await answer.text()

    assert f'<button name="sim_user" value="{ADA}">Ada Admin</button>' in page
    assert (answer.content_type, graph.ledger.calls("dialog")[0].ignored) == ("text/html", ())


async def test_the_dialog_shows_pages_and_permissions_and_escapes_names(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{graph.url}/v26.0/dialog/oauth", params=asked(state='"><script>')) as answer:
        page = await answer.text()

    assert 'name="sim_page_3344" checked> Cafe Ücker &amp; Söhne' in page
    assert all(f"sim_permission_{name}" in page for name in NEEDED)
    assert "<script>" not in page


async def test_cancelling_leads_back_with_the_reason_and_the_state(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    url = await decide(http, graph, asked(), "cancel")

    told = parse_qs(urlsplit(url).query)
    assert (told["error"], told["error_reason"], told["state"]) == (["access_denied"], ["user_denied"], ["s t+1"])
    assert "code" not in told
    assert graph.world.admins[ADA].permissions == {}


async def test_agreeing_leads_back_with_a_code_the_state_and_metas_odd_fragment(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    graph.app.add_redirect_uri("https://relay.example/cb?a=b")

    url = await decide(http, graph, asked(redirect_uri="https://relay.example/cb?a=b"))

    told = parse_qs(urlsplit(url).query)
    assert (told["a"], told["state"], urlsplit(url).fragment) == (["b"], ["s t+1"], "_=_")
    assert len(told["code"][0]) > 100


async def test_the_whole_way_ends_with_the_tokens_of_the_ticked_pages_that_never_expire(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    _, short = await exchange(http, graph, code=await get_code(http, graph))
    _, long = await long_lived(http, graph, str(short["access_token"]))
    _, me = await ask(http, graph, "/v26.0/me", access_token=str(long["access_token"]), fields="id,name")
    _, accounts = await ask(http, graph, "/v26.0/me/accounts", access_token=str(long["access_token"]))

    assert (short["token_type"], short["expires_in"], long["expires_in"]) == ("bearer", 5400, 60 * 24 * 3600)
    assert me == {"id": ADA, "name": "Ada Admin"}
    assert ids(accounts) == ["1122"]
    assert graph.tokens.living(accounts["data"][0]["access_token"]).expires_at == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"client_id": "139"}, (101, None), id="another app"),
        pytest.param({"client_secret": "wrong"}, (1, None), id="a wrong secret"),
        pytest.param({"redirect_uri": REDIRECT_URI + "/"}, (100, 36008), id="another address"),
        pytest.param({"redirect_uri": ""}, (191, None), id="no address"),
        pytest.param({"code": "AQforged"}, (100, 36009), id="a forged code"),
        pytest.param({"code": ""}, (100, None), id="no code"),
        pytest.param({"grant_type": "password"}, (100, None), id="another grant"),
    ],
)
async def test_a_wrong_exchange_is_refused_and_leaves_the_code_good(
    graph: GraphSimulator, http: aiohttp.ClientSession, changes: dict[str, str], expected: tuple[int, int | None]
) -> None:
    code = await get_code(http, graph)

    status, refused = await exchange(http, graph, **{"code": code} | changes)
    again, _ = await exchange(http, graph, code=code)

    assert (status, numbers(refused), again) == (400, expected, 200)


async def test_a_code_is_good_once(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    code = await get_code(http, graph)
    await exchange(http, graph, code=code)

    _, again = await exchange(http, graph, code=code)

    assert numbers(again) == (100, 36009)


async def test_a_client_that_repeats_the_exchange_after_a_lost_answer_learns_that_the_code_is_used_up(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    code = await get_code(http, graph)
    graph.faults.lose_answer("access_token")

    _, refused = await exchange(http, graph, code=code)  # aiohttp repeats a GET by itself when its connection closes

    first, second = graph.ledger.calls("access_token")
    assert (first.effect, first.status, second.status, numbers(refused)) == (True, None, 400, (100, 36009))


async def test_a_code_ends_after_ten_minutes(
    graph: GraphSimulator, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    code = await get_code(http, graph)
    clock.advance(601)

    _, late = await exchange(http, graph, code=code)

    assert numbers(late) == (100, 36007)


async def test_an_expired_token_is_not_prolonged(
    graph: GraphSimulator, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    _, short = await exchange(http, graph, code=await get_code(http, graph))
    clock.advance(5400)

    _, refused = await long_lived(http, graph, str(short["access_token"]))

    assert numbers(refused) == (190, 463)


async def test_a_page_token_is_not_prolonged(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    _, refused = await long_lived(http, graph, "EAAtoken")

    assert numbers(refused) == (100, None)


async def test_the_app_gets_its_own_token(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    _, given = await exchange(http, graph, grant_type="client_credentials")

    assert given["access_token"] == f"138|{SECRET}"


async def test_what_was_declined_is_asked_again_on_rerequest_only(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    scope = {"scope": "pages_show_list,pages_messaging"}
    await decide(http, graph, asked(**scope) | {"sim_permission_pages_show_list": "on", "sim_page_1122": "on"})
    token = graph.tokens.issue_user(graph.world.admins[ADA], long_lived=True).value
    _, said = await ask(http, graph, "/v26.0/me/permissions", access_token=token)
    boxes = []
    for auth_type in ("", "rerequest"):
        async with http.get(f"{graph.url}/v26.0/dialog/oauth", params=asked(auth_type=auth_type, **scope)) as answer:
            boxes.append("sim_permission_pages_messaging" in await answer.text())

    assert said["data"] == [
        {"permission": "pages_show_list", "status": "granted"},
        {"permission": "pages_messaging", "status": "declined"},
        {"permission": "public_profile", "status": "granted"},
    ]
    assert boxes == [False, True]


async def test_login_for_business_grants_all_or_nothing(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    graph.app.add_configuration("cfg-1", NEEDED)

    async with http.get(f"{graph.url}/v26.0/dialog/oauth", params=asked(scope="", config_id="cfg-1")) as answer:
        page = await answer.text()
    await decide(http, graph, asked(scope="", config_id="cfg-1") | {"sim_page_1122": "on"})

    assert "sim_permission_" not in page
    assert set(NEEDED) < set(graph.world.admins[ADA].scopes)


async def test_a_configuration_may_give_a_system_users_token_that_never_expires(
    graph: GraphSimulator, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    graph.app.add_configuration("cfg-2", NEEDED, system_user=True)
    location = await decide(http, graph, asked(scope="", config_id="cfg-2") | {"sim_page_1122": "on"})

    _, given = await exchange(http, graph, code=parse_qs(urlsplit(location).query)["code"][0])
    clock.advance(10 * 365 * 24 * 3600)

    assert "expires_in" not in given
    assert graph.tokens.living(str(given["access_token"])).kind == "SYSTEM_USER"
