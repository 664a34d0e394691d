"""What comes back from Facebook's dialog: forged, replayed, meant for another browser, declined, refused, lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relay.core.connecting.permissions import SCOPES
from tests.integration.relay.connecting.steps import Link, again_link, bindings, logged_in
from tests.simulators.graph import GraphSimulator
from tests.support.connecting import Browser, agree, decline
from tests.support.receiving_site import ReceivingSite
from tests.support.relay import RunningRelay, running_relay
from tests.world.ports import free_port


def another_session(url: str) -> str:
    """Exchange the session that an answer names for one that is not there."""
    before, _, state = url.partition("state=")
    return f"{before}state={'A' * 43}.{state.rpartition('.')[2]}"


@pytest.mark.parametrize(
    ("change", "status", "title"),
    [
        pytest.param(lambda url: url.partition("state=")[0], 400, "This answer belongs to no login", id="no state"),
        pytest.param(lambda url: url + "x", 400, "This answer belongs to no login", id="a longer state"),
        pytest.param(lambda url: url[:-4] + "AAAA", 400, "This answer belongs to no login", id="another secret"),
        pytest.param(another_session, 403, "This is another browser", id="another session"),
    ],
)
async def test_a_forged_state_gets_nowhere_and_costs_the_real_login_nothing(
    graph: GraphSimulator, browser: Browser, link: Link, change: Callable[[str], str], status: int, title: str
) -> None:
    dialog = (await browser.follow(await link())).location
    real = await agree(graph, dialog, "1122")
    forged = await browser.get(change(real))

    assert (forged.status, forged.title) == (status, title)
    assert graph.ledger.calls("access_token") == []
    assert (await browser.get(real)).status == 303


async def test_a_replayed_answer_gets_nowhere_and_its_code_is_asked_for_once(
    graph: GraphSimulator, browser: Browser, link: Link
) -> None:
    real = await agree(graph, (await browser.follow(await link())).location, "1122")
    first = await browser.get(real)
    exchanged = len(graph.ledger.calls("access_token"))
    again = await browser.get(real)

    assert (first.status, again.status, again.title) == (303, 410, "This step was done already")
    assert len(graph.ledger.calls("access_token")) == exchanged == 2


async def test_an_answer_in_another_browser_is_refused(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    real = await agree(graph, (await browser.follow(await link())).location, "1122")
    stranger = await Browser(relay).get(real)

    assert (stranger.status, stranger.title) == (403, "This is another browser")
    assert (await browser.get(real)).status == 303


async def test_an_attackers_answer_is_not_taken_for_the_login_of_somebody_else(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    attacker, victim = browser, Browser(relay)
    of_attacker = await agree(graph, (await attacker.follow(await link())).location, "1122")
    await victim.follow(await link())
    seen = await victim.get(of_attacker)

    assert (seen.status, seen.title) == (403, "This is another browser")


async def test_who_declines_is_told_and_may_try_once_more(graph: GraphSimulator, browser: Browser, link: Link) -> None:
    seen = await browser.get(await decline(graph, (await browser.follow(await link())).location))
    again = await browser.get(again_link(seen))

    assert (seen.status, seen.title) == (200, "You cancelled the login at Facebook")
    assert "auth_type=rerequest" in again.location
    assert (await browser.get(await agree(graph, again.location, "1122"))).status == 303


async def test_a_missing_permission_is_named_in_words(graph: GraphSimulator, browser: Browser, link: Link) -> None:
    dialog = (await browser.follow(await link())).location
    allowed = [name for name in SCOPES if name != "pages_messaging"]
    seen = await browser.get(await agree(graph, dialog, "1122", permissions=allowed))
    again = await browser.get(again_link(seen))

    assert (seen.status, seen.title) == (403, "Facebook was not allowed enough")
    assert "pages_messaging: to receive and answer your pages&#39; messages" in seen.text
    assert (await browser.get(await agree(graph, again.location, "1122"))).status == 303


@pytest.mark.parametrize("call", ["access_token", "permissions", "accounts"])
async def test_a_facebook_that_does_not_answer_costs_nothing_but_a_second_try(
    graph: GraphSimulator, browser: Browser, link: Link, call: str
) -> None:
    dialog = (await browser.follow(await link())).location
    back = await agree(graph, dialog, "1122")
    graph.faults.lose_answer(call, times=2)
    seen = await browser.get(back)
    graph.faults.clear()
    again = await browser.get(again_link(seen))

    assert (seen.status, seen.title) == (503, "Facebook does not answer")
    assert (await browser.get(await agree(graph, again.location, "1122"))).status == 303


async def test_a_code_is_asked_for_once_though_its_answer_is_lost(
    graph: GraphSimulator, browser: Browser, link: Link
) -> None:
    back = await agree(graph, (await browser.follow(await link())).location, "1122")
    graph.faults.lose_answer("access_token", times=1)
    await browser.get(back)

    assert len(graph.ledger.calls("access_token")) == 1


async def test_a_refusal_of_facebook_is_told_in_its_words(graph: GraphSimulator, browser: Browser, link: Link) -> None:
    back = await agree(graph, (await browser.follow(await link())).location, "1122")
    graph.login.codes.life_s = -1
    seen = await browser.get(back)

    assert (seen.status, seen.title) == (403, "Facebook refused the login")
    assert "This authorization code has expired" in seen.text


async def test_the_whole_login_works_with_login_for_business(
    redis_url: str, graph: GraphSimulator, tmp_path: Path
) -> None:
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    graph.app.add_redirect_uri(f"{public}/facebook/callback")
    graph.app.add_configuration("cfg-1", SCOPES, system_user=True)
    where: dict[str, Any] = {
        "graph_url": graph.url,
        "facebook_dialog_url": graph.url,
        "public_url": public,
        "port": port,
    }
    async with (
        running_relay(redis_url, tmp_path, facebook_login_config_id="cfg-1", **where) as relay,
        ReceivingSite("") as acme,
    ):
        await relay.register("acme", acme)
        url = (await relay.admin("POST", "/sites/acme/connect", {}))["url"]
        browser = Browser(relay)
        await browser.choose(await logged_in(graph, browser, url), "1122")

        assert await bindings(relay) == {"1122": "acme"}
