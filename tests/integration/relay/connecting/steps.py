"""Steps that tests of connecting pages share: log in and come to the form, and look at what came of it."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.simulators.graph import GraphSimulator
from tests.support.connecting import Browser, Seen, agree
from tests.support.relay import RunningRelay

ADA = "218471"
Ask = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]
Link = Callable[..., Awaitable[str]]


async def logged_in(graph: GraphSimulator, browser: Browser, url: str, *pages: str) -> Seen:
    """Follow a link, agree at Facebook, and come to the form."""
    dialog = (await browser.follow(url)).location
    back = await browser.get(await agree(graph, dialog, *(pages or ("1122", "3344"))))
    assert back.status == 303, back.title
    return await browser.get(back.location)


async def bindings(relay: RunningRelay) -> dict[str, str]:
    return {each["page_id"]: each["site"] for each in await relay.admin("GET", "/bindings")}


def again_link(seen: Seen) -> str:
    """Return where a page's "Try once more" leads."""
    return seen.text.partition('class="button" href="')[2].partition('"')[0]
