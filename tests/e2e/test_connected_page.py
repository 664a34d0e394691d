"""A page connected with its token at the relay: messages come, and the site answers at once."""

from pathlib import Path

import pytest

from tests.e2e.conftest import NewSite, TokenFile
from tests.simulators.graph import GraphSimulator
from tests.world.inbox import Inbox
from tests.world.process import CommandFailed, Server
from tests.world.secrecy import Secret, leaks
from tests.world.watching import eventually

PAGE, ADA = "1122", "9001"
PAGE_TOKEN = "EAA" + "marker" * 10

pytestmark = pytest.mark.timeout(180)


async def channel_of(site: Server) -> dict[str, object]:
    """Return the site's only channel, or nothing yet."""
    channels = await site.command("channel", "list")
    return dict(channels[0]) if channels else {}


async def test_a_page_is_connected_used_and_disconnected(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite, token_file: TokenFile
) -> None:
    page = graph.add_page(PAGE, name="Acme", token=PAGE_TOKEN)
    graph.add_person(page_id=PAGE, psid=ADA, name="Ada Lovelace")
    page.subscribed_fields = None
    site = await new_site_at("acme")
    await site.start()

    bound = await relay.command("bind", PAGE, "acme", "--page-token-file", token_file(PAGE_TOKEN))
    assert (bound["subscribed"], bound["name"]) == (True, "Acme")
    channel = await eventually(lambda: channel_of(site), lambda channel: channel.get("state") == "ok")
    assert (channel["name"], channel["external_id"], channel["has_token"]) == ("Acme", PAGE, True)

    await graph.customer_says(PAGE, ADA, "hello")
    inbox = Inbox(site)
    await eventually(lambda: inbox.texts(ADA), lambda texts: texts == ["hello"])
    conversation = await inbox.conversation_with(ADA)
    assert conversation is not None
    sent = await site.command("reply", str(conversation["id"]), "good day", "--wait")
    assert sent["state"] == "sent"
    assert [said.text for said in graph.sent] == ["good day"]

    gone = await relay.command("unbind", PAGE)
    assert (gone["site"], gone["still_subscribed"]) == ("acme", "")
    await eventually(lambda: channel_of(site), lambda channel: channel.get("state") == "disconnected")
    assert page.subscribed_fields is None


async def test_the_search_for_secrets_reaches_whatever_the_product_writes(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite, token_file: TokenFile, tmp_path: Path
) -> None:
    graph.add_page(PAGE, name="Café Ücker", token=PAGE_TOKEN)
    site = await new_site_at("acme")
    await site.start()
    await relay.command("bind", PAGE, "acme", "--page-token-file", token_file(PAGE_TOKEN))
    await eventually(lambda: channel_of(site), lambda channel: channel.get("state") == "ok")
    await relay.stop()
    await site.stop()

    known = [Secret("a page's id", PAGE), Secret("a command", "redis-server")]
    folders = {Path(leak.path).parts[:2] for leak in leaks(known, tmp_path)}
    assert folders >= {("relay", "data"), ("relay", "relay.log"), ("relay", "relay.commands"), ("acme", "data")}
    assert ("relay", "relay.processes") in folders


async def test_a_site_gives_a_page_back_and_may_have_it_again(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite, token_file: TokenFile
) -> None:
    page = graph.add_page(PAGE, name="Acme", token=PAGE_TOKEN)
    page.subscribed_fields = None
    site = await new_site_at("acme")
    await site.start()
    await relay.command("bind", PAGE, "acme", "--page-token-file", token_file(PAGE_TOKEN))
    await eventually(lambda: channel_of(site), lambda channel: channel.get("state") == "ok")
    gone = await site.command("disconnect", PAGE, "--yes")
    assert (gone["was_connected"], gone["still_subscribed"]) == (True, "")
    assert (await channel_of(site))["state"] == "disconnected"
    assert await relay.command("bindings") == []
    assert page.subscribed_fields is None
    with pytest.raises(CommandFailed, match="2233"):
        await site.command("disconnect", "2233", "--yes")

    await relay.command("bind", PAGE, "acme", "--page-token-file", token_file(PAGE_TOKEN))
    await eventually(lambda: channel_of(site), lambda channel: channel.get("state") == "ok")


async def test_a_token_that_is_not_the_pages_changes_nothing(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite, token_file: TokenFile
) -> None:
    other = graph.add_page("3344", name="Another", token=PAGE_TOKEN)
    other.subscribed_fields = None
    await new_site_at("acme")

    with pytest.raises(CommandFailed, match=r"belongs to 3344 \(Another\): take the token of page 1122 itself"):
        await relay.command("bind", PAGE, "acme", "--page-token-file", token_file(PAGE_TOKEN))

    assert await relay.command("bindings") == []
    assert other.subscribed_fields is None
