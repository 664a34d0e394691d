"""A person connects a page in the browser and removes the app at Facebook later: the site says so to its operators."""

from dataclasses import dataclass

import pytest

from tests.e2e.conftest import NewSite
from tests.simulators.graph import GraphSimulator
from tests.support.connecting import Browser, agree
from tests.world.process import Server
from tests.world.watching import eventually

PAGE, ADMIN = "1122", "218471"

pytestmark = pytest.mark.timeout(180)


@dataclass(frozen=True)
class At:
    """Where a browser goes."""

    url: str


@pytest.fixture
async def public_relay(relay: Server, graph: GraphSimulator) -> Server:
    """Restart the relay knowing its address, with the addresses entered in Meta's dashboard."""
    await relay.stop()
    relay.env |= {"RELAY_PUBLIC_URL": relay.base_url, "RELAY_FACEBOOK_DIALOG_URL": graph.url}
    await relay.start()
    graph.app.add_redirect_uri(f"{relay.base_url}/facebook/callback")
    graph.app.deauthorize_url = f"{relay.base_url}/facebook/deauthorize"
    return relay


async def connect(graph: GraphSimulator, relay: Server) -> None:
    """Connect the page as its person does."""
    browser = Browser(At(relay.base_url))
    link = await relay.command("connect", "acme")
    dialog = await browser.follow(str(link["url"]))
    back = await browser.get(await agree(graph, dialog.location, PAGE))
    done = await browser.choose(await browser.get(back.location), PAGE)
    assert done.title == "Your pages are connected"


async def test_a_person_who_removes_the_app_disconnects_their_page_and_the_sites_channel_says_why(
    graph: GraphSimulator, public_relay: Server, new_site_at: NewSite
) -> None:
    graph.add_page(PAGE, name="Acme", subscribed_fields=None)
    graph.add_admin(ADMIN, name="Ada Admin", pages=[PAGE])
    graph.login.signed_in = ADMIN
    site = await new_site_at("acme")
    await site.start()

    async def channel() -> dict[str, object]:
        channels = await site.command("channel", "list")
        return dict(channels[0]) if channels else {}

    await connect(graph, public_relay)
    await eventually(channel, lambda channel: channel.get("state") == "ok")
    told = await graph.fate.removes_app(ADMIN)

    assert told is not None
    assert told.status == 200
    shown = await eventually(channel, lambda channel: channel.get("state") == "disconnected")
    assert "removed the app at Facebook" in str(shown)
    assert await public_relay.command("bindings") == []
