"""A Redis that fails in the middle of connecting: the person is told what is true, and can go on."""

import pytest

from relay.adapters.redis_connect_sessions import RedisConnectSessions
from relay.adapters.redis_pages import RedisPages
from relay.core.connecting.session import MOST_DEPARTURES
from relay.core.errors import StoreUnavailable
from relay.core.page import ConnectedPage
from relay.engine.page_connection import Swap
from tests.integration.relay.connecting.steps import Link, again_link, bindings, logged_in
from tests.simulators.graph import GraphSimulator
from tests.support.connecting import Browser, agree
from tests.support.relay import RunningRelay


async def test_a_page_of_which_nobody_knows_is_told_apart_from_those_that_are_connected(
    graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = RedisPages.save

    async def fail_for_one(pages: RedisPages, page: ConnectedPage) -> Swap:
        if page.page_id == "3344":
            raise StoreUnavailable("away")
        return await save(pages, page)

    form = await logged_in(graph, browser, await link())
    monkeypatch.setattr(RedisPages, "save", fail_for_one)
    done = await browser.choose(form, "1122", "3344")

    assert done.status == 200
    assert "It is not certain whether it was connected" in done.text
    assert await bindings(relay) == {"1122": "acme"}
    monkeypatch.undo()
    assert (await browser.choose(await logged_in(graph, browser, await link()), "3344")).status == 200
    assert await bindings(relay) == {"1122": "acme", "3344": "acme"}


async def test_a_login_that_could_not_be_kept_is_tried_once_more_from_the_page_that_says_so(
    graph: GraphSimulator, browser: Browser, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, calls = RedisConnectSessions.replace, []

    async def fail_the_second(self: RedisConnectSessions, *args: object, **kwargs: object) -> bool:
        calls.append(args)
        if len(calls) == 2:
            raise StoreUnavailable("away")
        return await replace(self, *args, **kwargs)  # type: ignore[arg-type]  # handed on as it came

    dialog = (await browser.follow(await link())).location
    monkeypatch.setattr(RedisConnectSessions, "replace", fail_the_second)
    back = await browser.get(await agree(graph, dialog, "1122"))
    assert (back.status, back.title) == (503, "Your login could not be finished")
    monkeypatch.undo()

    dialog = (await browser.get(again_link(back))).location
    form = await browser.get((await browser.get(await agree(graph, dialog, "1122"))).location)
    assert form.title == "Choose the pages to connect"


async def test_one_link_is_good_for_so_many_logins_and_no_more(
    graph: GraphSimulator, browser: Browser, link: Link
) -> None:
    seen = await browser.follow(await link())
    again = seen.location
    for _ in range(MOST_DEPARTURES - 1):
        form = await browser.get((await browser.get(await agree(graph, again, "1122"))).location)
        again = (await browser.get(f"{form.url.removesuffix('/pages')}/again")).location
    refused = await browser.get(f"{form.url.removesuffix('/pages')}/again")

    assert (refused.status, refused.title) == (429, "This link was tried too often")


@pytest.mark.parametrize("origin", ["https://evil.test", "http://evil.test:80", "https://"])
async def test_a_form_that_another_site_sent_by_an_old_browser_is_refused(
    browser: Browser, link: Link, origin: str
) -> None:
    url = await link()
    refused = await browser.submit(url, [], Origin=origin)

    assert (refused.status, refused.title) == (400, "This form cannot be accepted")
    assert (await browser.submit(url, [], Origin="null")).status == 303
