"""The page about deleted data in a real Chromium: styled as the others are, readable on a phone and in the dark."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Page

from tests.integration.relay.connecting.steps import ADA, Link, logged_in
from tests.simulators.graph import GraphSimulator, deletion_answer
from tests.support.browser import DESK, PHONE, chromium, faint_words, fits, picture, tab_of
from tests.support.connecting import Browser
from tests.support.relay import RunningRelay

pytestmark = pytest.mark.xdist_group("one Chromium at a time")

Scheme = Literal["light", "dark"]


@pytest.fixture(params=[pytest.param(PHONE, id="phone"), pytest.param(DESK, id="desk")])
async def tab(request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    async with chromium() as program, tab_of(program, request.param) as tab:
        yield tab


@pytest.fixture
async def address(graph: GraphSimulator, relay: RunningRelay, browser: Browser, link: Link) -> str:
    """Have a person's data deleted who had connected a page, and return what Facebook shows them."""
    graph.app.data_deletion_url = f"{relay.url}/facebook/data-deletion"
    await browser.choose(await logged_in(graph, browser, await link()), "1122")
    url, _ = deletion_answer(await graph.callbacks.data_deletion(ADA))
    return url


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_is_readable_everywhere(tab: Page, address: str, scheme: Scheme, tmp_path: Path) -> None:
    await tab.emulate_media(color_scheme=scheme)
    await tab.goto(address)
    await picture(tab, tmp_path, f"deleted-{scheme}")

    assert await tab.get_by_role("heading", level=1).inner_text() == "Your data have been deleted"
    assert "which Facebook pages you connected" in await tab.get_by_role("status").inner_text()
    assert await tab.locator("time").get_attribute("datetime")
    assert await tab.evaluate("getComputedStyle(document.body).margin") == "0px", "the style sheet is not there"
    assert await tab.evaluate("document.documentElement.lang") == "en"
    assert await faint_words(tab) == []
    assert await fits(tab)


async def test_a_code_that_is_not_known_is_told_in_the_same_style(
    tab: Page, relay: RunningRelay, address: str, tmp_path: Path
) -> None:
    answer = await tab.goto(f"{relay.url}/facebook/data-deletion/{'a' * 32}")
    await picture(tab, tmp_path, "unknown")

    assert answer is not None
    assert answer.status == 404
    assert await tab.get_by_role("heading", level=1).inner_text() == "No such deletion"
    assert "90 days" in await tab.get_by_role("status").inner_text()
    assert await tab.evaluate("getComputedStyle(document.body).margin") == "0px"
    assert await faint_words(tab) == []
    assert await fits(tab)


@pytest.mark.parametrize(
    ("colour", "faint"),
    [
        pytest.param("#777", ["grey"], id="4.48 : 1"),
        pytest.param("#767676", [], id="4.54 : 1"),
    ],
)
async def test_words_that_are_too_faint_are_found(tab: Page, colour: str, faint: list[str]) -> None:
    await tab.set_content(f'<main><p>black</p><p style="color: {colour}">grey</p></main>')

    assert await faint_words(tab) == faint
