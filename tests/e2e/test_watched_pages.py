"""A page that Meta gives up, and a token that dies: the site reads what it missed by itself, and its history stays.

Meta's hour passes on the simulator's clock alone. That is set back for it, so that afterwards it tells the time of day
again, as both halves do.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from relay.core.connecting.dialog import CALLBACK_PATH
from relay.core.page import FIELDS
from tests.e2e.conftest import NewSite, TokenFile
from tests.simulators.clock import RunningClock
from tests.simulators.graph import GraphSimulator
from tests.simulators.graph.delivery_watch import DISABLE_AFTER_S, DISABLED
from tests.support.connecting import Browser, agree
from tests.world.halves import APP_ID, APP_SECRET, VERIFY_TOKEN
from tests.world.inbox import Inbox
from tests.world.process import CommandFailed, Server
from tests.world.watching import eventually

PAGE, ADA, ADMIN = "1122", "9001", "218471"
PERMISSIONS = ["pages_messaging", "pages_manage_metadata", "pages_show_list", "pages_read_engagement"]
AN_HOUR_S = DISABLE_AFTER_S + 60.0
SOON_S = 60.0
"""An audit that was asked for begins with the next look, and a look is every 15 s."""

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def graph_clock() -> RunningClock:
    return RunningClock()


@pytest.fixture
async def graph(graph_clock: RunningClock) -> AsyncIterator[GraphSimulator]:
    ids = {"app_id": APP_ID, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN}
    async with GraphSimulator(**ids, clock=graph_clock) as simulator:
        simulator.add_page(PAGE, name="Acme", subscribed_fields=None)
        simulator.add_person(page_id=PAGE, psid=ADA, name="Ada Lovelace")
        simulator.add_admin(ADMIN, name="Bo Boss", pages=[PAGE])
        yield simulator


@dataclass(frozen=True)
class World:
    """A page of acme, connected with a token of the admin's."""

    graph: GraphSimulator
    relay: Server
    site: Server

    @property
    def url(self) -> str:
        """Where a browser finds the relay."""
        return self.relay.base_url

    async def channel(self) -> dict[str, Any]:
        """Return what operators see of the page."""
        (channel,) = await self.site.command("channel", "list") or [{"state": "none"}]
        return dict(channel)

    async def comes_to(self, state: str) -> dict[str, Any]:
        """Wait until its channel is in this state."""
        return await eventually(self.channel, lambda channel: channel["state"] == state, within_s=SOON_S)

    async def texts(self) -> list[str]:
        """Return what was said with Ada."""
        return await Inbox(self.site).texts(ADA)

    async def hear(self, *texts: str) -> None:
        """Wait until just that was said with Ada."""
        await eventually(self.texts, lambda heard: heard == list(texts), within_s=SOON_S)

    async def reply(self, text: str) -> dict[str, Any]:
        """Answer Ada."""
        conversation = await Inbox(self.site).conversation_with(ADA)
        assert conversation is not None
        return dict(await self.site.command("reply", str(conversation["id"]), text, "--wait"))

    async def bound(self) -> dict[str, Any]:
        """Return what the relay's operators see of the page."""
        (page,) = await self.relay.command("bindings")
        return dict(page)


@pytest.fixture
async def world(graph: GraphSimulator, relay: Server, new_site_at: NewSite, token_file: TokenFile) -> World:
    world = World(graph, relay, await new_site_at("acme"))
    await world.site.start()
    token = graph.page_token(graph.grant(ADMIN, PERMISSIONS), PAGE)
    await relay.command("bind", PAGE, "acme", "--page-token-file", token_file(token))
    await world.comes_to("ok")
    return world


async def test_what_was_said_after_meta_gave_the_page_up_is_read_afterwards_by_itself(
    world: World, graph_clock: RunningClock
) -> None:
    graph = world.graph
    graph_clock.advance(-AN_HOUR_S)
    await graph.customer_says(PAGE, ADA, "hello")
    await world.hear("hello")
    await world.relay.stop()
    await graph.customers.reads(PAGE, ADA)
    graph_clock.advance(AN_HOUR_S)
    await graph.retry_due()
    assert [alert.title for alert in graph.app.alerts][-1] == DISABLED
    assert subscribed_fields(graph) == set()

    for text in ("is nobody there?", "I would buy a lot"):
        assert not (await graph.customer_says(PAGE, ADA, text)).accepted
    await world.relay.start()
    assert not (await graph.customer_says(PAGE, ADA, "good bye then")).accepted
    await world.relay.command("bindings", "--audit", PAGE)

    await world.hear("hello", "is nobody there?", "I would buy a lot", "good bye then")
    assert subscribed_fields(graph) == set(FIELDS)
    (backfill,) = (await world.site.command("status"))["backfills"]
    assert backfill["reason"] == "Facebook had unsubscribed the app from the page."
    assert (await graph.customer_says(PAGE, ADA, "I am back")).accepted
    await world.hear("hello", "is nobody there?", "I would buy a lot", "good bye then", "I am back")


async def test_a_dead_token_is_shown_with_its_reason_and_connecting_again_heals_with_binding_and_history(
    world: World,
) -> None:
    graph = world.graph
    await graph.customer_says(PAGE, ADA, "hello")
    await world.hear("hello")
    graph.fate.changes_password(ADMIN)
    await world.relay.command("bindings", "--audit", PAGE)

    dead = await world.comes_to("token_dead")
    assert dead["sentence"].startswith("The password of the Facebook account was changed: give the page a new token")
    troubled = await world.bound()
    assert troubled["token_dead_since"]
    assert "The password" in troubled["trouble"]
    with pytest.raises(CommandFailed, match="token_invalid"):
        await world.reply("good day")
    await graph.customer_says(PAGE, ADA, "still there?")
    await world.hear("hello", "good day", "still there?")

    await connect_again(world)
    healed = await world.comes_to("ok")
    assert (healed["id"], healed["sentence"]) == (dead["id"], "")
    assert (await world.reply("here we are"))["state"] == "sent"
    assert await world.texts() == ["hello", "good day", "still there?", "here we are"]
    await world.relay.command("bindings", "--audit", PAGE)
    found = await eventually(world.bound, lambda page: not page["trouble"], within_s=SOON_S)
    assert (found["site"], found["subscribed"], found["token_dead_since"]) == ("acme", True, None)


async def test_a_token_that_works_again_is_told_to_the_site_which_heals_by_itself(world: World) -> None:
    graph = world.graph
    await graph.customer_says(PAGE, ADA, "hello")
    await world.hear("hello")
    graph.fate.meets_checkpoint(ADMIN)
    await world.relay.command("bindings", "--audit", PAGE)
    assert "sign in at facebook.com first" in (await world.comes_to("token_dead"))["sentence"]

    graph.fate.passes_checkpoint(ADMIN)
    await world.relay.command("bindings", "--audit", PAGE)
    assert (await world.comes_to("ok"))["sentence"] == ""
    await eventually(world.bound, lambda page: not page["trouble"], within_s=SOON_S)
    assert (await world.reply("good day"))["state"] == "sent"


def subscribed_fields(graph: GraphSimulator) -> set[str]:
    """Return what Facebook sends of the page."""
    return set(graph.world.pages[PAGE].subscribed_fields or ())


async def connect_again(world: World) -> None:
    """Do what an admin does after `onsite connect`, in a browser without pictures."""
    world.graph.app.add_redirect_uri(world.url + CALLBACK_PATH)
    world.graph.login.signed_in = ADMIN
    browser = Browser(world)
    link = await world.site.command("connect")
    dialog = (await browser.follow(link["url"])).location
    back = await browser.get(await agree(world.graph, dialog, PAGE))
    outcome = await browser.choose(await browser.get(back.location), PAGE)
    seen = await browser.get(outcome.location) if outcome.status == 303 else outcome
    assert seen.title == "Your pages are connected"
