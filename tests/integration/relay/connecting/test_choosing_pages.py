"""The form on which a person ticks pages: what it lists, who may send it, and what is connected then."""

import json

import pytest
from redis.asyncio import Redis

from relay.core import keys
from tests.integration.relay.connecting.steps import ADA, Link, bindings, logged_in
from tests.simulators.graph import GraphSimulator
from tests.support.connecting import Browser, agree
from tests.support.receiving_site import ReceivingSite
from tests.support.relay import RunningRelay


async def test_a_person_connects_the_pages_that_they_tick(
    graph: GraphSimulator, relay: RunningRelay, acme: ReceivingSite, browser: Browser, link: Link
) -> None:
    form = await logged_in(graph, browser, await link(return_to="/channels?from=facebook"))
    done = await browser.choose(form, "1122")

    assert (form.status, form.title) == (200, "Choose the pages to connect")
    assert "Café Ücker &lt;b&gt;" in form.text
    assert (done.status, done.title) == (200, "Your pages are connected")
    assert f'href="{acme.url}/channels?from=facebook"' in done.text
    assert await bindings(relay) == {"1122": "acme"}
    assert graph.world.pages["1122"].subscribed_fields
    assert graph.world.pages["3344"].subscribed_fields is None
    await acme.has(1)
    assert [event["kind"] for batch in acme.batches for event in batch.events] == ["page.connected"]


async def test_who_connected_a_page_is_kept_with_it(
    graph: GraphSimulator, redis: Redis, browser: Browser, link: Link
) -> None:
    await browser.choose(await logged_in(graph, browser, await link()), "1122")
    record = json.loads(await redis.hget(keys.PAGES, "1122") or b"")

    assert record["connected_by"] == ADA


async def test_a_page_that_is_connected_already_is_marked_and_its_access_renewed(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    await browser.choose(await logged_in(graph, browser, await link()), "1122")
    form = await logged_in(graph, browser, await link())
    done = await browser.choose(form, "1122", "3344")

    assert form.text.count("Connected already") == 1
    assert form.text.count(" checked") == 1
    assert done.title == "Your pages are connected"
    assert await bindings(relay) == {"1122": "acme", "3344": "acme"}


async def test_a_page_of_another_site_is_shown_as_taken_without_a_name_and_cannot_be_had(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    async with ReceivingSite("") as other:
        await relay.register("secret-customer", other, "3344")
        form = await logged_in(graph, browser, await link())
        done = await browser.choose(form, "3344")

    assert "Taken: it is connected to another site" in form.text
    assert "secret-customer" not in form.text + done.text
    assert done.title == "No page is connected"
    assert await bindings(relay) == {"3344": "secret-customer"}


async def test_a_page_that_another_person_runs_cannot_be_slipped_into_the_form(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    graph.add_page("5566", name="Somebody else's")
    form = await logged_in(graph, browser, await link())
    done = await browser.choose(form, "1122", "5566")

    assert (done.status, done.title) == (400, "This form cannot be accepted")
    assert await bindings(relay) == {}
    assert (await browser.choose(form, "1122")).title == "Your pages are connected"


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        pytest.param([("page", "1122")], {}, id="no token"),
        pytest.param([("page", "1122"), ("token", "x" * 43)], {}, id="another token"),
        pytest.param([("page", "1122"), ("token", "ü")], {}, id="a token of other letters"),
        pytest.param(None, {"Sec-Fetch-Site": "cross-site"}, id="sent from another site"),
        pytest.param(None, {"Sec-Fetch-Site": "same-site"}, id="sent from a neighbouring host"),
    ],
)
async def test_a_form_that_is_not_ours_does_nothing(
    graph: GraphSimulator,
    relay: RunningRelay,
    browser: Browser,
    link: Link,
    fields: list[tuple[str, str]] | None,
    headers: dict[str, str],
) -> None:
    form = await logged_in(graph, browser, await link())
    sent = await browser.submit(form.url, fields or [("page", "1122"), ("token", form.form_token)], **headers)

    assert sent.status == 400
    assert await bindings(relay) == {}


async def test_the_form_is_shown_in_its_own_browser_only(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    form = await logged_in(graph, browser, await link())
    stranger = await Browser(relay).get(form.url)

    assert (stranger.status, stranger.title) == (403, "This is another browser")
    assert "Acme" not in stranger.text


async def test_a_form_that_is_sent_twice_is_taken_once(graph: GraphSimulator, browser: Browser, link: Link) -> None:
    form = await logged_in(graph, browser, await link())
    cookies = dict(browser.cookies)
    await browser.choose(form, "1122")
    browser.cookies = cookies
    again = await browser.choose(form, "3344")

    assert (again.status, again.title) == (410, "This step was done already")
    assert graph.world.pages["3344"].subscribed_fields is None


async def test_who_ticked_no_page_is_told(graph: GraphSimulator, browser: Browser, link: Link) -> None:
    dialog = (await browser.follow(await link())).location
    graph.world.admins[ADA].roles.clear()
    seen = await browser.get(await agree(graph, dialog))

    assert (seen.status, seen.title) == (404, "No page was found")


async def test_pages_that_only_a_portfolio_shows_are_listed_too(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link
) -> None:
    ada = graph.world.admins[ADA]
    graph.add_page("7788", name="Held by a portfolio")
    ada.roles["7788"] = ("PROFILE_PLUS_FULL_CONTROL",)
    graph.add_business("99", name="Acme Holding", admins=[ada], owned=["1122"], client=["7788"]).in_accounts = False
    form = await logged_in(graph, browser, await link(), "1122", "3344", "7788")
    await browser.choose(form, "7788", "1122")

    assert form.text.count('name="page"') == 3
    assert await bindings(relay) == {"1122": "acme", "7788": "acme"}


async def test_a_list_of_pages_is_followed_to_its_end(graph: GraphSimulator, browser: Browser, link: Link) -> None:
    ada = graph.world.admins[ADA]
    for number in range(230):
        graph.add_page(f"9{number:04}", name=f"Page {number}")
        ada.roles[f"9{number:04}"] = ("MANAGE",)
    form = await logged_in(graph, browser, await link(), *ada.roles)

    assert form.text.count('name="page"') == 232


async def test_a_role_that_does_not_suffice_is_named(graph: GraphSimulator, browser: Browser, link: Link) -> None:
    graph.world.admins[ADA].roles["3344"] = ("ANALYZE",)
    form = await logged_in(graph, browser, await link())
    done = await browser.choose(form, "3344")

    assert "Your role on this page does not cover messages and community activity" in form.text
    assert done.status == 400
