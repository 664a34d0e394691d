"""A page connected with its token at the relay: messages come, the site answers at once, and the token stays hidden."""

from pathlib import Path

import pytest

from tests.e2e.conftest import NewSite
from tests.simulators.graph import GraphSimulator
from tests.world.inbox import Inbox
from tests.world.process import CommandFailed, Server
from tests.world.watching import eventually

PAGE, ADA = "1122", "9001"
PAGE_TOKEN = "EAA" + "marker" * 10

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "page-token"
    file.write_text(PAGE_TOKEN + "\n", encoding="utf-8")
    return file


async def channel_of(site: Server) -> dict[str, object]:
    """Return the site's only channel, or nothing yet."""
    channels = await site.command("channel", "list")
    return dict(channels[0]) if channels else {}


async def test_a_page_is_connected_used_and_disconnected(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite, token_file: Path, tmp_path: Path
) -> None:
    page = graph.add_page(PAGE, name="Acme", token=PAGE_TOKEN)
    graph.add_person(page_id=PAGE, psid=ADA, name="Ada Lovelace")
    page.subscribed_fields = None
    site = await new_site_at("acme")
    await site.start()

    bound = await relay.command("bind", PAGE, "acme", "--page-token-file", str(token_file))
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

    await relay.stop()
    await site.stop()
    assert files_with(PAGE_TOKEN, tmp_path) == [token_file]


async def test_a_token_that_is_not_the_pages_changes_nothing(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite, token_file: Path
) -> None:
    other = graph.add_page("3344", name="Another", token=PAGE_TOKEN)
    other.subscribed_fields = None
    await new_site_at("acme")

    with pytest.raises(CommandFailed, match=r"belongs to 3344 \(Another\): take the token of page 1122 itself"):
        await relay.command("bind", PAGE, "acme", "--page-token-file", str(token_file))

    assert await relay.command("bindings") == []
    assert other.subscribed_fields is None


def files_with(text: str, folder: Path) -> list[Path]:
    """Name the files, logs and databases and Redis' own included, in which a text stands in the clear."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and text.encode() in path.read_bytes()]
