"""`/api/v1` for conversations, messages, replies and contacts."""

import asyncio
from typing import Any

import pytest

from tests.integration.onsite.site import PAGE_ID, PAGE_TOKEN, PSID, RunningSite, messenger_event
from tests.world.watching import eventually


@pytest.fixture
async def conversation(site: RunningSite) -> int:
    """Have a page with a token, on which a customer has written."""
    await site.call("POST", "/channels", {"platform": "facebook", "page_id": PAGE_ID, "token": PAGE_TOKEN})
    await site.graph.customer_says(PAGE_ID, PSID, "hello")
    (only,) = (await site.get("/conversations"))["conversations"]
    return int(only["id"])


async def reply(site: RunningSite, conversation: int, text: str = "hi", **more: object) -> tuple[int, Any]:
    return await site.call("POST", f"/conversations/{conversation}/replies", {"text": text} | more)


async def test_a_conversation_says_who_where_and_what_last(site: RunningSite, conversation: int) -> None:
    (shown,) = (await site.get("/conversations"))["conversations"]

    assert {key: shown[key] for key in ("id", "channel_id", "platform", "key", "last_text", "contact_id")} == {
        "id": conversation,
        "channel_id": 1,
        "platform": "facebook",
        "key": PSID,
        "last_text": "hello",
        "contact_id": 1,
    }
    assert shown["last_at"].endswith("Z")


async def test_lists_come_in_pages_that_lead_to_the_next(site: RunningSite) -> None:
    await site.push_events(*(messenger_event(str(n), mid=f"m{n}", psid=f"p{n}", at_ms=10**12 + n) for n in range(5)))
    for path, name in (("/conversations", "conversations"), ("/contacts", "contacts")):
        keys: list[str] = []
        before: dict[str, str] = {}
        while True:
            page = await site.get(path, limit=2, **before)
            keys += [each["key"] for each in page[name]]
            if page["next"] is None:
                break
            before = {"before": page["next"]}
        assert keys == ["p4", "p3", "p2", "p1", "p0"]


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/conversations", {"limit": "0"}, "bad_limit"),
        ("/conversations", {"limit": "201"}, "bad_limit"),
        ("/conversations", {"limit": "-1"}, "bad_limit"),
        ("/conversations", {"limit": "٣"}, "bad_limit"),
        ("/conversations", {"before": "yesterday"}, "bad_before"),
        ("/conversations", {"before": "1."}, "bad_before"),
        ("/conversations", {"before": f"{10**30}.1"}, "bad_before"),
        ("/contacts", {"before": "x"}, "bad_before"),
        ("/messages/1", {"wait_s": "nan"}, "bad_wait_s"),
        ("/messages/1", {"wait_s": "26"}, "bad_wait_s"),
        ("/messages/1", {"wait_s": "soon"}, "bad_wait_s"),
    ],
)
async def test_odd_questions_are_400_in_words(site: RunningSite, path: str, query: dict[str, str], code: str) -> None:
    status, answer = await site.call("GET", path, **query)

    assert (status, answer["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/conversations/7/messages", None),
        ("GET", "/conversations/x/messages", None),
        ("GET", f"/messages/{10**30}", None),
        ("GET", "/messages/7", None),
        ("POST", "/messages/7/settle", {"as": "sent"}),
        ("POST", "/conversations/7/replies", {"text": "hi"}),
        ("PUT", "/channels/7", {"token": "EAAx"}),
        ("GET", "/nothing", None),
    ],
)
async def test_what_is_not_there_is_404(site: RunningSite, method: str, path: str, body: object) -> None:
    status, answer = await site.call(method, path, body)

    assert (status, answer["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param({"text": ""}, "empty message", id="empty"),
        pytest.param({"text": " \n"}, "empty message", id="blank"),
        pytest.param({"text": "x" * 2001}, "2001 of 2000", id="too long"),
        pytest.param({"text": "\ud83d"}, "characters that are none", id="half a character"),
        pytest.param({"text": "a\0b"}, "characters that are none", id="NUL"),
        pytest.param({"text": 7}, "text must be a text", id="no text"),
        pytest.param({}, "text must be a text", id="missing"),
        pytest.param({"text": "hi", "client_id": ""}, "1 to 200 characters", id="empty client_id"),
        pytest.param({"text": "hi", "client_id": "x" * 201}, "1 to 200 characters", id="long client_id"),
        pytest.param({"text": "hi", "client_id": 7}, "client_id must be a text", id="client_id no text"),
    ],
)
async def test_a_reply_that_can_never_be_sent_is_422_and_not_stored(
    site: RunningSite, conversation: int, body: dict[str, object], sentence: str
) -> None:
    status, answer = await site.call("POST", f"/conversations/{conversation}/replies", body)

    assert (status, sentence in answer["error"]["message"]) == (422, True)
    assert len((await site.get(f"/conversations/{conversation}/messages"))["messages"]) == 1


async def test_a_body_that_is_no_object_is_400(site: RunningSite, conversation: int) -> None:
    assert (await site.call("POST", f"/conversations/{conversation}/replies", ["hi"]))[0] == 400


async def test_a_reply_is_answered_when_it_is_stored_and_then_sent_once(site: RunningSite, conversation: int) -> None:
    status, stored = await reply(site, conversation, "On its way")
    sent = await site.settled(stored["id"])
    await site.graph.settled()

    assert (status, stored["author"], sent["state"]) == (202, "operator", "sent")
    assert stored["state"] in {"queued", "sending", "sent"}  # the sender waits for nobody
    found = (await site.get(f"/conversations/{conversation}/messages"))["messages"]
    assert sorted(message["text"] for message in found) == ["On its way", "hello"]
    assert len(site.graph.sent) == 1


async def test_a_reply_that_is_posted_twice_with_one_client_id_is_one_message(
    site: RunningSite, conversation: int
) -> None:
    _, first = await reply(site, conversation, client_id="mine")
    status, again = await reply(site, conversation, client_id="mine")
    await site.settled(first["id"])

    assert (status, again["id"]) == (202, first["id"])
    assert len(site.graph.sent) == 1


async def test_a_client_id_that_names_another_text_is_409(site: RunningSite, conversation: int) -> None:
    await reply(site, conversation, "one", client_id="mine")
    status, answer = await reply(site, conversation, "two", client_id="mine")

    assert (status, "already names another text" in str(answer)) == (409, True)


async def test_a_lost_answer_is_settled_by_the_echo(site: RunningSite, conversation: int) -> None:
    site.graph.echoes = False
    site.graph.faults.lose_answer("messages")
    _, queued = await reply(site, conversation)
    unknown = await site.settled(queued["id"])
    assert (unknown["state"], unknown["failure"]["code"]) == ("unknown", "no_answer")

    await site.graph.echo(site.graph.sent[0])

    settled = await site.get(f"/messages/{queued['id']}")
    assert (settled["state"], settled["key"], settled["failure"]) == ("sent", site.graph.sent[0].mid, None)
    assert len((await site.get(f"/conversations/{conversation}/messages"))["messages"]) == 2


@pytest.mark.parametrize("seen", ["sent", "failed"])
async def test_an_operator_settles_what_nobody_else_knows(site: RunningSite, conversation: int, seen: str) -> None:
    site.graph.echoes = False
    site.graph.faults.lose_answer("messages")
    _, queued = await reply(site, conversation)
    await site.settled(queued["id"])

    status, settled = await site.call("POST", f"/messages/{queued['id']}/settle", {"as": seen})

    assert (status, settled["state"]) == (200, seen)
    assert (await site.call("POST", f"/messages/{queued['id']}/settle", {"as": seen}))[0] == 409
    assert len(site.graph.sent) == 1


async def test_what_a_customer_said_cannot_be_settled(site: RunningSite, conversation: int) -> None:
    (message,) = (await site.get(f"/conversations/{conversation}/messages"))["messages"]

    assert (await site.call("POST", f"/messages/{message['id']}/settle", {"as": "sent"}))[0] == 409
    assert (await site.call("POST", f"/messages/{message['id']}/settle", {"as": "lost"}))[0] == 422


async def test_a_dead_token_fails_the_reply_and_marks_the_channel(site: RunningSite, conversation: int) -> None:
    site.graph.kill_token(PAGE_TOKEN)
    _, queued = await reply(site, conversation)
    failed = await site.settled(queued["id"])

    assert failed["state"] == "failed"
    channel = await eventually(lambda: site.get("/channels/1"), lambda seen: seen["state"] != "ok")  # written after it
    assert (channel["state"], channel["sentence"]) == ("sending_refused", failed["failure"]["sentence"])


async def test_a_page_without_a_token_keeps_what_is_said_and_fails_the_reply(site: RunningSite) -> None:
    await site.customer_says("hello", mid="m1")
    _, queued = await reply(site, 1)
    failed = await site.settled(queued["id"])

    assert (failed["state"], failed["failure"]["code"]) == ("failed", "no_token")
    assert (await site.get("/channels/1"))["state"] == "no_token"


async def test_whoever_waits_for_a_reply_is_told_when_it_is_settled_and_not_before(
    site: RunningSite, conversation: int
) -> None:
    release = site.graph.faults.hold("messages")
    _, queued = await reply(site, conversation)
    waiting = asyncio.create_task(site.settled(queued["id"]))
    await site.graph.ledger.wait_for(lambda call: call.name == "messages", running=True)
    assert (await site.get(f"/messages/{queued['id']}"))["state"] == "sending"
    assert not waiting.done()

    release.set()

    assert (await waiting)["state"] == "sent"


async def test_waiting_ends_with_the_state_as_it_is(site: RunningSite, conversation: int) -> None:
    release = site.graph.faults.hold("messages")
    _, queued = await reply(site, conversation)

    seen = await site.get(f"/messages/{queued['id']}", wait_s=0.05)

    assert seen["state"] in {"queued", "sending"}
    release.set()
    await site.settled(queued["id"])
    await site.graph.settled()


async def test_a_message_of_the_pages_own_inbox_is_shown_as_from_elsewhere(
    site: RunningSite, conversation: int
) -> None:
    await site.graph.page_inbox_says(PAGE_ID, PSID, "from the phone")

    newest = (await site.get(f"/conversations/{conversation}/messages"))["messages"][0]
    assert (newest["author"], newest["direction"], newest["text"]) == ("elsewhere", "outbound", "from the phone")
