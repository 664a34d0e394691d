"""Reading history: threads, messages, and how far back they can be read."""

from typing import Any

import aiohttp
import pytest

from tests.integration.simulators.graph_client import NEEDED, ask, ids, numbers
from tests.simulators.clock import ManualClock
from tests.simulators.graph import GraphSimulator
from tests.simulators.graph.errors import GraphError
from tests.simulators.graph.fields import read_fields_parameter

CONVERSATIONS = "/v26.0/1122/conversations"
EVERYTHING = "id,created_time,from,to,message,attachments,sticker,shares,tags,reply_to"


@pytest.fixture(autouse=True)
async def world(graph: GraphSimulator, clock: ManualClock) -> None:
    """Let two people write, and the page's inbox answer one of them; nothing is posted anywhere."""
    graph.service.conversations.pace.per_s = None
    graph.add_person(page_id="1122", psid="9002", name="Bo Diddley")
    graph.world.pages["1122"].subscribed_fields = ()
    for psid, text in (("9001", "first"), ("9002", "hi"), ("9001", "second")):
        await graph.customer_says("1122", psid, text)
        clock.advance(1.25)


async def thread(http: aiohttp.ClientSession, sim: GraphSimulator, psid: str = "9001") -> str:
    _, answer = await ask(http, sim, CONVERSATIONS, user_id=psid)
    return ids(answer)[0]


async def test_threads_come_newest_first_with_the_fields_asked_for(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    _, answer = await ask(
        http, graph, CONVERSATIONS, platform="messenger", fields="id,updated_time,participants,message_count,can_reply"
    )

    newest, oldest = answer["data"]
    assert newest == {
        "id": newest["id"],
        "updated_time": "2026-11-18T11:06:42+0000",
        "participants": {
            "data": [
                {"name": "Ada Lovelace", "email": "9001@facebook.com", "id": "9001"},
                {"name": "Acme", "email": "1122@facebook.com", "id": "1122"},
            ]
        },
        "message_count": 2,
        "can_reply": True,
    }
    assert (oldest["message_count"], newest["id"].startswith("t_")) == (1, True)


async def test_threads_are_paged_by_cursors(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    _, first = await ask(http, graph, CONVERSATIONS, limit="1")
    _, second = await ask(http, graph, CONVERSATIONS, limit="1", after=first["paging"]["cursors"]["after"])

    assert len({*ids(first), *ids(second)}) == 2
    assert ("next" in first["paging"], "next" in second["paging"]) == (True, False)


async def test_a_thread_that_rises_meanwhile_does_not_shift_the_cursor(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    _, first = await ask(http, graph, CONVERSATIONS, limit="1")
    graph.add_person(page_id="1122", psid="9003", name="Cy")
    await graph.customer_says("1122", "9003", "new")

    _, second = await ask(http, graph, CONVERSATIONS, limit="1", after=first["paging"]["cursors"]["after"])

    assert ids(second) == [await thread(http, graph, "9002")]


@pytest.mark.parametrize(("honoured", "count"), [(True, 1), (False, 2)])
async def test_a_time_bound_may_have_an_effect(
    graph: GraphSimulator, http: aiohttp.ClientSession, clock: ManualClock, *, honoured: bool, count: int
) -> None:
    graph.service.conversations.honours_times = honoured
    bound = str(int((clock() - 2) * 1000))

    _, answer = await ask(http, graph, CONVERSATIONS, updated_after_ms=bound)

    assert len(answer["data"]) == count


async def test_a_message_is_told_with_its_webhooks_id_and_to_the_second(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    _, answer = await ask(http, graph, f"/v26.0/{await thread(http, graph)}/messages", fields=EVERYTHING)

    newest = answer["data"][0]
    mids = [said.mid for said in graph.world.conversation("1122", "9001")]
    assert ids(answer) == mids[::-1]
    assert newest == {
        "id": mids[1],
        "created_time": "2026-11-18T11:06:42+0000",
        "from": {"name": "Ada Lovelace", "email": "9001@facebook.com", "id": "9001"},
        "to": {"data": [{"name": "Acme", "email": "1122@facebook.com", "id": "1122"}]},
        "message": "second",
        "tags": {"data": [{"name": "inbox"}, {"name": "messenger"}]},
    }


async def test_messages_can_be_asked_for_inside_of_their_thread(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    fields = "updated_time,messages.limit(1){id,message,from}"

    _, single = await ask(http, graph, f"/v26.0/{await thread(http, graph)}", fields=fields)
    _, listed = await ask(http, graph, CONVERSATIONS, fields=fields)

    assert [message["message"] for message in single["messages"]["data"]] == ["second"]
    assert "next" in single["messages"]["paging"]
    assert listed["data"][0]["messages"]["data"] == single["messages"]["data"]


async def test_only_the_newest_twenty_can_be_read(
    graph: GraphSimulator, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    for number in range(20):
        clock.advance(1)
        await graph.customer_says("1122", "9001", f"text {number}")

    _, listed = await ask(http, graph, f"/v26.0/{await thread(http, graph)}/messages", fields=EVERYTHING, limit="100")
    twentieth, too_old = listed["data"][19], listed["data"][20]
    readable, _ = await ask(http, graph, f"/v26.0/{twentieth['id']}", fields="message")
    _, refused = await ask(http, graph, f"/v26.0/{too_old['id']}", fields="message")

    assert (len(listed["data"]), twentieth["message"], readable) == (22, "text 0", 200)
    assert (set(too_old), numbers(refused)) == ({"id", "created_time"}, (9000001, None))


async def test_a_message_by_itself_tells_id_and_time_unless_asked_for_more(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    mid = graph.world.said[0].mid

    _, told = await ask(http, graph, f"/v26.0/{mid}")

    assert told == {"id": mid, "created_time": "2026-11-18T11:06:40+0000"}


async def test_a_message_that_was_taken_back_is_gone(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    mid = graph.world.said[0].mid
    graph.world.unsend("1122", mid)

    _, refused = await ask(http, graph, f"/v26.0/{mid}")

    assert numbers(refused) == (9000001, None)


async def test_attachments_and_stickers_have_the_shape_of_this_edge(
    graph: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    items: list[dict[str, Any]] = [
        {"type": "image", "payload": {"url": "https://scontent.xx.fbcdn.net/v/cat.jpg?oe=1"}},
        {"type": "file", "payload": {"url": "https://cdn.fbsbx.com/v/bill.pdf"}},
    ]
    sent = await graph.customers.sends("1122", "9001", *items)
    thumb = {"type": "sticker", "payload": {"url": "https://scontent.xx.fbcdn.net/v/thumb.png", "sticker_id": 369}}
    sticker = await graph.customers.sends("1122", "9001", thumb)

    _, told = await ask(http, graph, f"/v26.0/{sent.mid}", fields="attachments")
    _, listed = await ask(http, graph, f"/v26.0/{sent.mid}/attachments")
    _, thumbs_up = await ask(http, graph, f"/v26.0/{sticker.mid}", fields="sticker,attachments")

    image, file = told["attachments"]["data"]
    assert (image["image_data"]["url"], image["name"]) == (items[0]["payload"]["url"], "cat.jpg")
    assert (file["file_url"], "image_data" in file) == (items[1]["payload"]["url"], False)
    assert listed["data"] == told["attachments"]["data"]
    assert thumbs_up == {"id": sticker.mid, "sticker": thumb["payload"]["url"]}  # type: ignore[index]  # a mixed dict


async def test_what_the_page_said_is_from_the_page(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    unheard = await graph.page_inbox_says("1122", "9001", "good day")

    _, answer = await ask(http, graph, f"/v26.0/{await thread(http, graph)}/messages", fields="from,message", limit="1")

    assert unheard.error == "page 1122 has not subscribed message_echoes"
    assert (answer["data"][0]["from"]["id"], answer["data"][0]["message"]) == ("1122", "good day")


@pytest.mark.parametrize("missing", ["pages_messaging", "pages_manage_metadata", "pages_read_engagement"])
async def test_reading_needs_its_permissions(graph: GraphSimulator, http: aiohttp.ClientSession, missing: str) -> None:
    graph.add_admin("218471", name="Ada", pages=["1122"])
    token = graph.page_token(graph.grant("218471", [name for name in NEEDED if name != missing]), "1122")

    status, refused = await ask(http, graph, CONVERSATIONS, access_token=token)

    assert (status, numbers(refused)) == (403, (200, None))


async def test_the_thread_of_another_page_is_not_there(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    graph.add_page("3344", name="Second", token="EAAsecond")

    _, refused = await ask(http, graph, f"/v26.0/{await thread(http, graph)}", access_token="EAAsecond")

    assert numbers(refused) == (100, 33)


@pytest.mark.parametrize("text", ["a{b", "a}", "a.limit", "a.limit(1", ",a", "a{}", "a b", "é€"])
def test_fields_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(GraphError) as caught:
        read_fields_parameter(text)

    assert caught.value.code == 2500


def test_fields_may_be_nested_and_have_modifiers() -> None:
    (ident, messages) = read_fields_parameter(" id , messages.limit(20).order(reverse){ message, from{id} }")

    assert (ident.name, messages.modifiers) == ("id", {"limit": "20", "order": "reverse"})
    assert [(field.name, [inner.name for inner in field.fields]) for field in messages.fields] == [
        ("message", []),
        ("from", ["id"]),
    ]
