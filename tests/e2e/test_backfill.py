"""A site that is killed while it reads a gap goes on when it is started again: everything is there once."""

import asyncio
from typing import Any

import pytest

from tests.e2e.conftest import NewSite, TokenFile
from tests.simulators.graph import GraphSimulator
from tests.simulators.ledger import Call
from tests.world.inbox import Inbox
from tests.world.process import CommandFailed, Server
from tests.world.watching import eventually

PAGE, TOKEN = "1122", "EAA" + "backfill" * 5
PEOPLE = [str(9001 + number) for number in range(8)]
READ_BEFORE_THE_KILL = 3

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def site(graph: GraphSimulator, relay: Server, new_site_at: NewSite, token_file: TokenFile) -> Server:
    """Have a site with a page, on which eight people wrote while nothing got through."""
    graph.add_page(PAGE, name="Acme", token=TOKEN)
    site = await new_site_at("acme")
    await site.start()
    await relay.command("bind", PAGE, "acme", "--page-token-file", token_file(TOKEN))
    await eventually(lambda: channel_states(site), lambda states: states == ["ok"])
    graph.callback_url = "http://127.0.0.1:1/webhook"
    for psid in PEOPLE:
        graph.add_person(page_id=PAGE, psid=psid, name=f"Person {psid}")
        for text in ("one", "two"):
            await graph.customer_says(PAGE, psid, text)
    return site


async def channel_states(site: Server) -> list[str]:
    return [channel["state"] for channel in await site.command("channel", "list")]


async def newest(site: Server) -> dict[str, Any]:
    """Return the newest backfill."""
    return dict((await site.command("status"))["backfills"][0])


async def test_a_site_killed_while_it_reads_a_gap_finds_everything_once(graph: GraphSimulator, site: Server) -> None:
    never = asyncio.Event()
    read: list[str] = []

    def is_one_too_many(call: Call) -> bool:
        read.extend([call.path] if "/t_" in call.path else [])
        return len(read) > READ_BEFORE_THE_KILL

    fault = graph.faults.add(is_one_too_many, hold=never, times=1)

    async def held() -> int:
        return fault.met

    command = asyncio.create_task(site.command("backfill", "--page", PAGE, "--since", "1h"))
    await eventually(held, lambda met: met == 1)
    cut_off = await newest(site)
    await site.kill()
    with pytest.raises(CommandFailed, match="does not answer"):
        await command
    assert (cut_off["state"], cut_off["read"]) == ("waiting", READ_BEFORE_THE_KILL)

    await site.start()
    done = await eventually(lambda: newest(site), lambda seen: seen["state"] == "done")

    assert (done["threads"], done["read"], done["missing"]) == (len(PEOPLE), len(PEOPLE), 0)
    asked = [call.path for call in graph.ledger if "/t_" in call.path]
    assert len(asked) == len(PEOPLE) + 1, "only the one in hand is read again"
    inbox = Inbox(site)
    for psid in PEOPLE:
        assert await inbox.texts(psid) == ["one", "two"]
