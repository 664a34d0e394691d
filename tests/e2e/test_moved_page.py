"""Pages that are handed over between two sites while customers write: each message at one site, and in order."""

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import chain

import pytest

from tests.e2e.conftest import NewSite, TokenFile
from tests.simulators.graph import GraphSimulator
from tests.world.inbox import Inbox
from tests.world.process import Server
from tests.world.watching import eventually

PAGES = {"1122": "9001", "3344": "9002"}
"""Each page, and a person who writes to it."""
MESSAGES = 40
MOVE_AFTER = (8, 20, 28, 34)
"""Messages said before each move: to beta, back to acme, and so on."""

pytestmark = pytest.mark.timeout(240)


def add_pages(graph: GraphSimulator) -> None:
    """Let Facebook have the pages and the people."""
    for page, person in PAGES.items():
        graph.add_page(page, name=f"Page {page}", token=f"EAA{page}" + "t" * 60)
        graph.add_person(page_id=page, psid=person, name=f"Customer of {page}")


async def say(graph: GraphSimulator, page: str, text: str) -> None:
    """Say something; when it is not answered with 200, post the same body again, as Meta does."""
    await graph.customer_says(page, PAGES[page], text)
    while graph.undelivered:
        await asyncio.sleep(0.05)
        await graph.retry_undelivered()


async def at_both(sites: Sequence[Server], person: str) -> list[list[str]]:
    """Return what each site has of a conversation."""
    return [await Inbox(site).texts(person) for site in sites]


async def test_pages_that_go_to_and_fro_while_customers_write_leave_each_message_at_one_site_in_order(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite
) -> None:
    add_pages(graph)
    sites = [await new_site_at("acme"), await new_site_at("beta")]
    for site in sites:
        await site.start()
    for page in PAGES:
        await relay.command("bind", page, "acme")
    texts = [f"message {number:02}" for number in range(MESSAGES)]

    moving: list[asyncio.Task[object]] = []
    for number, text in enumerate(texts):
        if number in MOVE_AFTER:
            await asyncio.gather(*moving)
            there = ("beta", "acme")[MOVE_AFTER.index(number) % 2]
            moving = [asyncio.create_task(relay.command("bind", page, there, "--move")) for page in PAGES]
        for page in PAGES:
            await say(graph, page, text)
    await asyncio.gather(*moving)

    for person in PAGES.values():
        got = await eventually(partial(at_both, sites, person), lambda got: sum(map(len, got)) >= len(texts))
        assert sorted(chain.from_iterable(got)) == texts
        assert all(each == sorted(each) for each in got)
        assert all(got), "both sites had the page for a while"
    owners = {each["page_id"]: each["site"] for each in await relay.command("bindings")}
    assert owners == dict.fromkeys(PAGES, "acme")


async def test_what_waits_for_a_site_that_is_away_is_answered_by_the_site_that_takes_the_page_over(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite, token_file: TokenFile
) -> None:
    add_pages(graph)
    page, person = next(iter(PAGES.items()))
    acme, beta = await new_site_at("acme"), await new_site_at("beta")
    await beta.start()
    await relay.command("bind", page, "acme", "--page-token-file", token_file(f"EAA{page}" + "t" * 60))
    for number in range(5):
        await say(graph, page, f"message {number}")

    moved = await relay.command("bind", page, "beta", "--move")
    assert (moved["moved_from"], moved["token_handed_over"]) == ("acme", True)
    stay = moved["staying_events"]
    assert moved["waiting_events"] == 5 - stay
    expected = [f"message {number}" for number in range(5)]
    await eventually(lambda: Inbox(beta).texts(person), lambda texts: texts == expected[stay:])
    await say(graph, page, "are you there?")
    conversation = await eventually(
        lambda: Inbox(beta).conversation_with(person), lambda found: found is not None and found["last_text"] != ""
    )
    assert conversation is not None
    sent = await beta.command("reply", str(conversation["id"]), "here we are", "--wait")
    assert sent["state"] == "sent"

    await acme.start()
    await eventually(lambda: Inbox(acme).texts(person), lambda texts: texts == expected[:stay])
    (channel,) = await acme.command("channel", "list")
    assert channel["state"] == "disconnected"
