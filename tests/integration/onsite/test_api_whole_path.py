"""A message comes in, an answer goes out: on both channels, through the site's own HTTP side and real sockets."""

from tests.integration.onsite.site import (
    BOT_TOKEN,
    PAGE_ID,
    PAGE_TOKEN,
    PSID,
    USER_ID,
    RunningSite,
)
from tests.world.watching import eventually


async def test_a_messenger_customer_writes_and_gets_an_answer(site: RunningSite) -> None:
    await site.call(
        "POST", "/channels", {"platform": "facebook", "page_id": PAGE_ID, "token": PAGE_TOKEN, "name": "Acme"}
    )
    await site.graph.customer_says(PAGE_ID, PSID, "where is my parcel?")

    (conversation,) = (await site.get("/conversations"))["conversations"]
    status, queued = await site.call("POST", f"/conversations/{conversation['id']}/replies", {"text": "On its way."})
    sent = await site.settled(queued["id"])

    await site.graph.settled()  # the echo has come

    (call,) = site.graph.ledger.calls("messages")
    assert status == 202
    assert queued["state"] in {"queued", "sending", "sent"}, "the sender may be faster than the answer"
    assert sent["state"] == "sent"
    assert sent["key"] == call.answer["message_id"]
    assert [said.text for said in site.graph.sent] == ["On its way."]
    found = (await site.get(f"/conversations/{conversation['id']}/messages"))["messages"]
    assert [(each["text"], each["direction"]) for each in found] == [
        ("On its way.", "outbound"),
        ("where is my parcel?", "inbound"),
    ]


async def test_a_telegram_customer_writes_and_gets_an_answer(site: RunningSite) -> None:
    status, channel = await site.call("POST", "/channels", {"platform": "telegram", "token": BOT_TOKEN})
    assert (status, channel["name"], channel["state"]) == (201, "acme_bot", "ok")
    await site.telegram.customer_says(BOT_TOKEN, USER_ID, "hello")

    page = await eventually(lambda: site.get("/conversations"), lambda page: bool(page["conversations"]))
    (conversation,) = page["conversations"]
    _, queued = await site.call("POST", f"/conversations/{conversation['id']}/replies", {"text": "Good day!"})
    sent = await site.settled(queued["id"])

    assert (conversation["contact_name"], conversation["last_text"]) == ("Ada Lovelace", "hello")
    assert sent["state"] == "sent"
    assert [message["text"] for message in site.telegram.sent(BOT_TOKEN)] == ["Good day!"]
