"""The login dialog in a real Chromium: clicked through as a person would, on a desk and on a phone."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, ViewportSize

from tests.integration.simulators.graph_client import NEEDED
from tests.simulators.graph import GraphSimulator
from tests.support.browser import chromium

ADA = "218471"
PHONE = ViewportSize(width=360, height=640)

pytestmark = pytest.mark.xdist_group("one Chromium at a time")


class Site:
    """Where the browser comes back to: keeps the query, answers with a heading."""

    def __init__(self) -> None:
        self.came: list[dict[str, str]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.came.append(dict(request.query))
        return web.Response(text="<h1>Back at the site</h1>", content_type="text/html")


@pytest.fixture
async def site(graph: GraphSimulator) -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_get("/callback", site.take)
    async with TestServer(app) as server:
        site.url = str(server.make_url("/callback"))
        graph.app.add_redirect_uri(site.url)
        yield site


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with chromium() as browser:
        yield await browser.new_page(viewport=PHONE)


@pytest.fixture(autouse=True)
def world(graph: GraphSimulator) -> None:
    """Let two people run pages."""
    graph.add_page("3344", name="Café Ücker")
    graph.add_admin(ADA, name="Ada Admin", pages=["1122", "3344"])
    graph.add_admin("99", name="Bo Boss", pages=["3344"])


def dialog(graph: GraphSimulator, site: Site, **changes: str) -> str:
    asked = {"client_id": "138", "redirect_uri": site.url, "state": "s-1", "scope": ",".join(NEEDED)} | changes
    return f"{graph.url}/v26.0/dialog/oauth?{urlencode(asked)}"


async def test_a_person_logs_in_unticks_and_continues(graph: GraphSimulator, site: Site, page: Page) -> None:
    await page.goto(dialog(graph, site))
    await page.get_by_role("button", name="Ada Admin").click()
    await page.get_by_label("Café Ücker").uncheck()
    await page.get_by_label("business_management").uncheck()
    await page.get_by_role("button", name="Continue").click()

    assert await page.get_by_role("heading").inner_text() == "Back at the site"
    assert page.url.endswith("#_=_")
    assert (set(site.came[0]), site.came[0]["state"]) == ({"code", "state"}, "s-1")
    ada = graph.world.admins[ADA]
    assert (ada.ticked, ada.allows("pages_messaging"), ada.allows("business_management")) == (
        frozenset({"1122"}),
        True,
        False,
    )


async def test_a_person_cancels(graph: GraphSimulator, site: Site, page: Page) -> None:
    graph.login.signed_in = ADA

    await page.goto(dialog(graph, site))
    await page.get_by_role("button", name="Cancel").click()

    assert (site.came[0]["error"], site.came[0]["state"]) == ("access_denied", "s-1")


async def test_a_person_sees_only_the_pages_they_run(graph: GraphSimulator, site: Site, page: Page) -> None:
    await page.goto(dialog(graph, site))
    await page.get_by_role("button", name="Bo Boss").click()

    assert await page.get_by_label("Café Ücker").count() == 1
    assert await page.get_by_label("Acme").count() == 0


async def test_all_pages_now_and_later_can_be_chosen(graph: GraphSimulator, site: Site, page: Page) -> None:
    graph.login.signed_in = ADA

    await page.goto(dialog(graph, site))
    await page.get_by_label("All current and future Pages").check()
    await page.get_by_role("button", name="Continue").click()

    assert graph.world.admins[ADA].ticked is None


async def test_login_for_business_shows_no_single_permissions(graph: GraphSimulator, site: Site, page: Page) -> None:
    graph.login.signed_in = ADA
    graph.app.add_configuration("cfg-1", NEEDED)

    await page.goto(dialog(graph, site, scope="", config_id="cfg-1"))
    boxes = await page.get_by_role("checkbox").count()
    await page.get_by_role("button", name="Continue").click()

    assert boxes == 3
    assert set(NEEDED) < set(graph.world.admins[ADA].scopes)


async def test_a_wrong_address_to_come_back_to_is_explained_and_not_followed(
    graph: GraphSimulator, site: Site, page: Page
) -> None:
    await page.goto(dialog(graph, site, redirect_uri=site.url + "?next=evil"))

    assert await page.get_by_role("heading").inner_text() == "URL Blocked"
    assert site.came == []


async def test_the_dialog_fits_a_phone(graph: GraphSimulator, site: Site, page: Page) -> None:
    graph.login.signed_in = ADA

    await page.goto(dialog(graph, site))

    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
