"""From `onsite connect` to the first message and its answer: a real Chromium, a real relay, a real site."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from relay.core.connecting.dialog import CALLBACK_PATH
from tests.e2e.conftest import NewSite
from tests.simulators.graph import GraphSimulator
from tests.support.browser import DESK, PHONE, chromium, faint_words, fits, picture, tab_of
from tests.world.inbox import Inbox
from tests.world.process import Server
from tests.world.watching import eventually

ACME, CAFE, TAKEN, PSID, ADMIN = "1122", "3344", "5566", "9001", "218471"

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("one Chromium at a time")]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture(params=[pytest.param(PHONE, id="phone"), pytest.param(DESK, id="desk")])
async def tab(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """Open a tab that complains about whatever the pages do wrong."""
    async with tab_of(browser, request.param) as tab:
        yield tab


@pytest.fixture(autouse=True)
def world(graph: GraphSimulator, relay: Server) -> None:
    """Let a person run three pages."""
    graph.require_proof = True
    for page_id, name in ((ACME, "Acme"), (CAFE, "Café Ücker"), (TAKEN, "Taken")):
        graph.add_page(page_id, name=name, subscribed_fields=None)
    graph.add_person(page_id=ACME, psid=PSID, name="Ada Lovelace")
    graph.add_admin(ADMIN, name="Bo Boss", pages=[ACME, CAFE, TAKEN])
    graph.app.add_redirect_uri(relay.base_url + CALLBACK_PATH)


async def channels_of(site: Server) -> dict[str, dict[str, Any]]:
    """Return the site's channels by page."""
    return {channel["external_id"]: channel for channel in await site.command("channel", "list")}


async def log_in(tab: Page) -> None:
    """Do at Facebook what a person does."""
    await tab.get_by_role("button", name="Bo Boss").click()
    await tab.get_by_role("button", name="Continue").click()


async def test_from_the_sites_command_to_the_first_message_and_its_answer(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite, tab: Page, tmp_path: Path
) -> None:
    site, other = await new_site_at("acme"), await new_site_at("beta")
    await site.start()
    await relay.command("bind", TAKEN, other.env["ONSITE_SITE"])

    link = await site.command("connect", "--return-to", "/healthz")
    await tab.goto(link["url"])
    await picture(tab, tmp_path, "welcome")
    assert await fits(tab)
    assert await faint_words(tab) == []
    await tab.get_by_role("button", name="Continue with Facebook").click()
    await log_in(tab)
    await tab.get_by_role("heading", name="Choose the pages to connect").wait_for()
    await picture(tab, tmp_path, "choice")
    assert await fits(tab)
    assert await faint_words(tab) == []
    assert await tab.get_by_label("Taken").is_disabled()
    assert await tab.get_by_text("beta").count() == 0
    await tab.get_by_label("Acme").check()
    await tab.get_by_role("button", name="Connect").click()
    await tab.get_by_role("heading", name="Your pages are connected").wait_for()
    await picture(tab, tmp_path, "outcome")
    assert await fits(tab)
    assert await faint_words(tab) == []
    await tab.get_by_role("link", name="Back to acme").click()
    assert tab.url == f"{site.base_url}/healthz"

    channels = await eventually(lambda: channels_of(site), lambda found: ACME in found and found[ACME]["has_token"])
    assert set(channels) == {ACME}
    await graph.customer_says(ACME, PSID, "hello")
    inbox = Inbox(site)
    await eventually(lambda: inbox.texts(PSID), lambda texts: texts == ["hello"])
    conversation = await inbox.conversation_with(PSID)
    assert conversation is not None
    sent = await site.command("reply", str(conversation["id"]), "good day", "--wait")
    assert sent["state"] == "sent"


async def test_who_declines_goes_on_from_the_page_that_says_so(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite, tab: Page, tmp_path: Path
) -> None:
    await new_site_at("acme")
    link = await relay.command("connect", "acme")
    await tab.goto(link["url"])
    await tab.get_by_role("button", name="Continue with Facebook").click()
    await tab.get_by_role("button", name="Bo Boss").click()
    await tab.get_by_role("button", name="Cancel").click()
    await tab.get_by_role("heading", name="You cancelled the login at Facebook").wait_for()
    await picture(tab, tmp_path, "declined")
    assert await fits(tab)
    assert await faint_words(tab) == []

    await tab.get_by_role("link", name="Try once more").click()
    await log_in(tab)
    await tab.get_by_label("Café Ücker").check()
    await tab.keyboard.press("Enter")
    await tab.get_by_role("heading", name="Your pages are connected").wait_for()

    bound = await relay.command("bindings")
    assert [(each["page_id"], each["site"]) for each in bound] == [(CAFE, "acme")]


async def test_a_used_link_says_what_to_do_in_another_browser(
    relay: Server, new_site_at: NewSite, browser: Browser, tab: Page, tmp_path: Path
) -> None:
    await new_site_at("acme")
    link = await relay.command("connect", "acme")
    await tab.goto(link["url"])
    await tab.get_by_role("button", name="Continue with Facebook").click()
    stranger = await browser.new_context(viewport=PHONE)
    page = await stranger.new_page()
    answer = await page.goto(link["url"])
    await picture(page, tmp_path, "used")

    assert answer is not None
    assert answer.status == 410
    assert await page.get_by_role("status").inner_text()
    assert await fits(page)
