"""What a backfill finds and what arrives by itself become one conversation, whichever is first: nothing twice."""

import asyncio
from typing import Any

import pytest

from tests.integration.onsite.site import PAGE_ID, PAGE_TOKEN, PSID, RunningSite
from tests.integration.onsite.store import on_both_databases
from tests.simulators.ledger import Call
from tests.support.waiting import soon
from tests.world.watching import eventually

NOWHERE = "http://127.0.0.1:1/webhook"

pytestmark = on_both_databases


@pytest.fixture
async def site(site: RunningSite) -> RunningSite:
    """Have a page with a token."""
    await site.call("POST", "/channels", {"platform": "facebook", "page_id": PAGE_ID, "token": PAGE_TOKEN})
    return site


class Deaf:
    """Meanwhile nothing that customers do gets through."""

    def __init__(self, site: RunningSite) -> None:
        self._graph = site.graph
        self._callback = site.graph.callback_url

    def __enter__(self) -> None:
        self._graph.callback_url = NOWHERE

    def __exit__(self, *_: object) -> None:
        self._graph.callback_url = self._callback


async def asked(site: RunningSite) -> int:
    status, backfill = await site.call("POST", "/backfills", {"page_id": PAGE_ID, "since": "1h"})
    assert status == 202
    return int(backfill["id"])


async def ended(site: RunningSite, backfill: int) -> dict[str, Any]:
    async def look() -> dict[str, Any]:
        seen: dict[str, Any] = await site.get(f"/backfills/{backfill}")
        return seen

    return await eventually(look, lambda seen: seen["state"] == "done")


async def messages(site: RunningSite) -> list[dict[str, Any]]:
    """Return what was said in the only conversation, oldest first."""
    (conversation,) = (await site.get("/conversations"))["conversations"]
    return list(reversed((await site.get(f"/conversations/{conversation['id']}/messages"))["messages"]))


async def unknown_reply(site: RunningSite, text: str) -> int:
    """Have a reply that Facebook took, and of which neither answer nor echo came."""
    site.graph.echoes = False
    site.graph.faults.lose_answer(lambda call: call.path.endswith("/messages") and call.http_method == "POST")
    _, reply = await site.call("POST", "/conversations/1/replies", {"text": text, "client_id": text})
    assert (await site.settled(reply["id"]))["state"] == "unknown"
    return int(reply["id"])


async def test_a_button_whose_webhook_came_is_not_found_again(site: RunningSite) -> None:
    await site.graph.customers.presses(PAGE_ID, PSID, "Menu", "MENU")
    before = await messages(site)

    assert (await ended(site, await asked(site)))["found"] == 0
    assert [(each["kind"], each["text"], each["payload"], each["backfilled"]) for each in before] == [
        ("postback", "Menu", "MENU", False)
    ]
    assert [each | {"author_name": ""} for each in await messages(site)] == [
        each | {"author_name": ""} for each in before
    ]


async def test_a_button_that_was_found_is_one_message_with_its_webhook(site: RunningSite) -> None:
    with Deaf(site):
        await site.graph.customers.presses(PAGE_ID, PSID, "Menu", "MENU")
    assert (await ended(site, await asked(site)))["found"] == 1
    for answer in await site.graph.retry_undelivered():
        assert answer.accepted

    (message,) = await messages(site)
    assert (message["kind"], message["payload"], message["backfilled"]) == ("postback", "MENU", True)


async def test_what_arrives_while_its_thread_is_being_read_is_there_once_and_in_order(site: RunningSite) -> None:
    """One that Facebook's answer holds already, and one that was said after that."""
    with Deaf(site):
        await site.graph.customer_says(PAGE_ID, PSID, "one")
    answered, may_arrive = asyncio.Event(), asyncio.Event()

    def is_the_thread(call: Call) -> bool:
        if "/t_" in call.path:
            answered.set()
            return True
        return False

    site.graph.faults.add(is_the_thread, hold=may_arrive, after_effect=True)
    backfill = await asked(site)
    await soon(answered.wait())
    for answer in await site.graph.retry_undelivered():
        assert answer.accepted
    await site.graph.customer_says(PAGE_ID, PSID, "two")
    may_arrive.set()
    done = await ended(site, backfill)

    assert (done["found"], done["missing"]) == (0, 0)
    assert [(each["text"], each["backfilled"]) for each in await messages(site)] == [("one", False), ("two", False)]


async def test_an_unknown_reply_that_is_found_is_sent_and_its_echo_changes_nothing_more(site: RunningSite) -> None:
    await site.graph.customer_says(PAGE_ID, PSID, "hello")
    reply = await unknown_reply(site, "good day")

    assert (await ended(site, await asked(site)))["found"] == 0
    found = await site.get(f"/messages/{reply}")
    (sent,) = site.graph.sent
    assert (found["state"], found["key"], found["failure"]) == ("sent", sent.mid, None)
    await site.graph.echo(sent)
    assert [(each["text"], each["state"]) for each in await messages(site)] == [("hello", None), ("good day", "sent")]


async def test_two_unknown_replies_of_the_same_words_wait_for_their_echoes(site: RunningSite) -> None:
    await site.graph.customer_says(PAGE_ID, PSID, "hello")
    replies = [await unknown_reply(site, "yes")]
    site.graph.faults.lose_answer(lambda call: call.path.endswith("/messages") and call.http_method == "POST")
    _, again = await site.call("POST", "/conversations/1/replies", {"text": "yes", "client_id": "again"})
    replies.append((await site.settled(again["id"]))["id"])
    await ended(site, await asked(site))

    assert [(await site.get(f"/messages/{each}"))["state"] for each in replies] == ["unknown", "unknown"]
    for said in site.graph.sent:
        await site.graph.echo(said)
    assert [(each["text"], each["state"]) for each in await messages(site)] == [
        ("hello", None),
        ("yes", "sent"),
        ("yes", "sent"),
    ]
