"""The product's main job, end to end: what customers write arrives, what operators answer reaches them directly."""

import re

import aiohttp
import pytest

from tests.e2e.conftest import NewSite
from tests.simulators.graph import GraphSimulator
from tests.simulators.telegram import TelegramSimulator
from tests.world.inbox import Inbox
from tests.world.process import Server
from tests.world.watching import eventually

ACME_PAGE, BETA_PAGE = "1122", "3344"
ADA, BOB = "9001", "9002"
PAGE_TOKEN = "EAA" + "t" * 60
BOT_TOKEN = "7000000001:" + "b" * 35

pytestmark = pytest.mark.timeout(180)


def text_item(page: str, psid: str, text: str, *, mid: str, at_ms: int) -> dict[str, object]:
    return {
        "sender": {"id": psid},
        "recipient": {"id": page},
        "timestamp": at_ms,
        "message": {"mid": mid, "text": text},
    }


async def test_one_body_for_two_pages_reaches_the_site_that_is_up_at_once_and_the_other_when_it_returns(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite
) -> None:
    acme, beta = await new_site_at("acme"), await new_site_at("beta")
    await acme.start()
    await relay.command("bind", ACME_PAGE, "acme")
    await relay.command("bind", BETA_PAGE, "beta")

    answer = await graph.post_webhook(
        {
            "object": "page",
            "entry": [
                {
                    "id": BETA_PAGE,
                    "time": 1,
                    "messaging": [
                        text_item(BETA_PAGE, BOB, f"beta {n}", mid=f"m_b{n}", at_ms=1_760_000_000_000 + n)
                        for n in range(3)
                    ],
                },
                {
                    "id": ACME_PAGE,
                    "time": 1,
                    "messaging": [text_item(ACME_PAGE, ADA, "acme", mid="m_a", at_ms=1_760_000_000_000)],
                },
            ],
        }
    )

    assert answer.status == 200
    await eventually(lambda: Inbox(acme).texts(ADA), lambda texts: texts == ["acme"])
    assert "sweep_started_drains" not in relay.log.read_text()  # which would find it in the end: at once, it need not
    status = await eventually(
        lambda: relay.command("status"), lambda status: status["sites"][1]["delivery"]["state"] == "parked"
    )
    assert status["sites"][1]["delivery"]["waiting"] == 3
    assert [status["sites"][0]["delivery"][what] for what in ("state", "delivered", "failures")] == ["up", 1, 0]
    assert "does not take connections" in status["sites"][1]["delivery"]["last_error"]

    await beta.start()
    await eventually(lambda: Inbox(beta).texts(BOB), lambda texts: texts == ["beta 0", "beta 1", "beta 2"])
    await eventually(lambda: relay.command("status"), lambda status: status["sites"][1]["delivery"]["state"] == "up")
    assert await Inbox(acme).texts(BOB) == []


async def test_both_customers_get_their_reply_and_no_request_for_it_passes_the_relay(
    graph: GraphSimulator, telegram: TelegramSimulator, relay: Server, new_site_at: NewSite
) -> None:
    graph.add_page(ACME_PAGE, name="Acme", token=PAGE_TOKEN)
    graph.add_person(page_id=ACME_PAGE, psid=ADA, name="Ada Lovelace")
    bot = telegram.add_bot(BOT_TOKEN, username="acme_bot")
    grace = telegram.add_user(id=50000001, first_name="Grace")
    site = await new_site_at("acme")
    await site.start()
    await relay.command("bind", ACME_PAGE, "acme")
    await site.command("channel", "add", "facebook", ACME_PAGE, stdin=PAGE_TOKEN)
    await site.command("channel", "add", "telegram", stdin=bot.token)

    await graph.customer_says(ACME_PAGE, ADA, "hello from Messenger")
    await telegram.customer_says(bot.token, grace.id, "hello from Telegram")
    inbox = Inbox(site)
    await eventually(lambda: inbox.texts(ADA), lambda texts: texts == ["hello from Messenger"])
    await eventually(lambda: inbox.texts(str(grace.id)), lambda texts: texts == ["hello from Telegram"])
    webhooks_before_replies = await accepted_webhooks(relay)

    for customer, text in ((ADA, "good day, Ada"), (str(grace.id), "good day, Grace")):
        conversation = await inbox.conversation_with(customer)
        assert conversation is not None
        sent = await site.command("reply", str(conversation["id"]), text, "--wait")
        assert sent["state"] == "sent"

    assert [said.text for said in graph.sent] == ["good day, Ada"]
    assert [message["text"] for message in telegram.sent(bot.token)] == ["good day, Grace"]
    # All the relay ever sees of a reply is the echo that Facebook itself sends afterwards.
    await graph.settled()
    echoes = await accepted_webhooks(relay) - webhooks_before_replies
    assert echoes == 1
    await eventually(
        lambda: inbox.messages(ADA), lambda said: [each["state"] for each in said if each["state"]] == ["sent"]
    )
    assert await inbox.texts(ADA) == ["hello from Messenger", "good day, Ada"]


async def test_what_a_page_received_before_it_was_bound_arrives_first(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite
) -> None:
    graph.add_page(ACME_PAGE, name="Acme", token=PAGE_TOKEN)
    graph.add_person(page_id=ACME_PAGE, psid=ADA, name="Ada Lovelace")
    site = await new_site_at("acme")
    await site.start()

    for text in ("one", "two"):
        await graph.customer_says(ACME_PAGE, ADA, text)
    assert (await relay.command("status"))["unclaimed"][0]["waiting"] == 2
    bound = await relay.command("bind", ACME_PAGE, "acme")
    await graph.customer_says(ACME_PAGE, ADA, "three")

    assert bound["waiting_events"] == 2
    await eventually(lambda: Inbox(site).texts(ADA), lambda texts: texts == ["one", "two", "three"])


async def test_a_telegram_token_that_is_refused_is_said_and_costs_nothing_else(
    telegram: TelegramSimulator, new_site_at: NewSite
) -> None:
    good = telegram.add_bot(BOT_TOKEN, username="acme_bot")
    bad = telegram.add_bot("7000000002:" + "c" * 35, username="other_bot")
    grace = telegram.add_user(id=50000001, first_name="Grace")
    site = await new_site_at("acme")
    await site.start()
    await site.command("channel", "add", "telegram", stdin=good.token)
    await site.command("channel", "add", "telegram", stdin=bad.token)

    await site.stop()
    telegram.revoke_token(bad.token)
    await site.start()
    await telegram.customer_says(good.token, grace.id, "still here")

    await eventually(lambda: Inbox(site).texts(str(grace.id)), lambda texts: texts == ["still here"])
    channels = await eventually(
        lambda: site.command("channel", "list"), lambda found: any("token" in each["state"] for each in found)
    )
    assert [each["name"] for each in channels if each["sentence"]] == ["other_bot"]


async def accepted_webhooks(relay: Server) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{relay.base_url}/metrics") as answer:
        text = await answer.text()
    found = re.search(r'relay_webhooks_total\{result="accepted"\} ([0-9.]+)', text)
    return int(float(found.group(1))) if found else 0


async def test_an_item_nested_too_deep_costs_the_events_beside_it_nothing(
    graph: GraphSimulator, relay: Server, new_site_at: NewSite
) -> None:
    site = await new_site_at("acme")
    await site.start()
    await relay.command("bind", ACME_PAGE, "acme")

    def nested(levels: int, text: str, mid: str) -> dict[str, object]:
        """Write an item of so many levels that is a message all the same."""
        later: object = {}
        for _ in range(levels - 2):
            later = {"a": later}
        return text_item(ACME_PAGE, ADA, text, mid=mid, at_ms=1_760_000_000_000) | {"later": later}

    items = [nested(levels, f"{levels}", f"m_{levels}") for levels in (2, 300, 301, 900, 3)]
    answer = await graph.post_webhook({"object": "page", "entry": [{"id": ACME_PAGE, "time": 1, "messaging": items}]})

    assert answer.status == 200
    await eventually(lambda: Inbox(site).texts(ADA), lambda texts: texts == ["2", "300", "3"])
    delivery = (await relay.command("status"))["sites"][0]["delivery"]
    assert [delivery[what] for what in ("state", "delivered", "failures", "dead_letters")] == ["up", 3, 0, 0]
