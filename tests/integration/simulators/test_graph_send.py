"""The simulated Send API: what it takes, what it refuses in which words, and what follows from a message."""

import json
from typing import Any

import aiohttp
import pytest

from tests.integration.simulators.receiver import Receiver
from tests.simulators.clock import ManualClock
from tests.simulators.graph import GraphSimulator

HOUR_S = 3600


def sending(psid: str = "9001", **overrides: Any) -> dict[str, Any]:
    body = {"recipient": {"id": psid}, "messaging_type": "RESPONSE", "message": {"text": "hi"}} | overrides
    return {name: value for name, value in body.items() if value is not None}


async def post(http: aiohttp.ClientSession, sim: GraphSimulator, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": "Bearer EAAtoken"}
    async with http.post(f"{sim.url}/v26.0/1122/messages", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


@pytest.fixture
def wrote(graph: GraphSimulator, clock: ManualClock) -> GraphSimulator:
    """Prepare a platform on which the customer has just written."""
    graph.world.note_event("1122", {"sender": {"id": "9001"}, "message": {"mid": "m_first", "text": "hi"}}, clock())
    return graph


async def test_a_message_is_answered_with_recipient_and_a_fresh_id(
    wrote: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    status, first = await post(http, wrote, sending())
    _, second = await post(http, wrote, sending())

    assert status == 200
    assert set(first) == {"recipient_id", "message_id"}
    assert first["recipient_id"] == "9001"
    assert first["message_id"] != second["message_id"]
    assert [said.mid for said in wrote.sent] == [first["message_id"], second["message_id"]]


@pytest.mark.parametrize("path", ["/v26.0/1122/messages", "/v21.0/me/messages", "/me/messages", "/1122/messages"])
async def test_page_and_me_work_with_any_live_version_and_without_one(
    wrote: GraphSimulator, http: aiohttp.ClientSession, path: str
) -> None:
    async with http.post(wrote.url + path, json=sending(), params={"access_token": "EAAtoken"}) as answer:
        assert answer.status == 200
        assert (await answer.json())["recipient_id"] == "9001"


async def test_form_and_multipart_carry_json_texts(wrote: GraphSimulator, http: aiohttp.ClientSession) -> None:
    form = {"access_token": "EAAtoken", "messaging_type": "RESPONSE", "recipient": json.dumps({"id": "9001"})}
    multipart = aiohttp.FormData(form | {"message": json.dumps({"attachment": {"type": "image", "payload": {}}})})
    multipart.add_field("filedata", b"\x89PNG", filename="a.png", content_type="image/png")
    url = f"{wrote.url}/v26.0/me/messages"

    async with http.post(url, data=form | {"message": json.dumps({"text": "hi"})}) as answer:
        assert answer.status == 200
    async with http.post(url, data=multipart) as answer:
        assert answer.status == 200

    calls = wrote.ledger.calls("messages")
    assert [call.encoding for call in calls] == ["form", "multipart"]
    assert calls[0].params["recipient"] == {"id": "9001"}
    assert calls[1].files["filedata"].content == b"\x89PNG"


REFUSED = [
    pytest.param({"recipient": None}, 100, None, id="no recipient"),
    pytest.param({"recipient": "9001"}, 100, None, id="recipient no object"),
    pytest.param({"recipient": {"id": "9001", "idd": "1"}}, 100, None, id="recipient with an odd key"),
    pytest.param({"recipient": {"id": "4711"}}, 100, 2018001, id="person of another page"),
    pytest.param({"message": None}, 100, 2018034, id="no message"),
    pytest.param({"message": {"text": ""}}, 100, 2018034, id="empty text"),
    pytest.param({"message": {"text": "x" * 2001}}, 100, None, id="text too long"),
    pytest.param({"message": {"text": "👋" * 1001}}, 100, None, id="text too long in UTF-16"),
    pytest.param({"message": {"text": "x", "attachment": {"type": "image"}}}, 100, None, id="text and attachment"),
    pytest.param({"message": {"text": "x", "txet": "y"}}, 100, None, id="message with an odd key"),
    pytest.param({"message": {"text": "x", "metadata": "y" * 1001}}, 100, None, id="metadata too long"),
    pytest.param({"sender_action": "typing_on"}, 100, 2018014, id="message and sender action"),
    pytest.param({"message": None, "sender_action": "dance"}, 100, None, id="unknown sender action"),
    pytest.param({"messaging_type": None}, 100, None, id="no messaging type"),
    pytest.param({"messaging_type": "REPLY"}, 100, None, id="unknown messaging type"),
    pytest.param({"messaging_type": "MESSAGE_TAG"}, 100, None, id="tagged without a tag"),
    pytest.param({"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"}, 100, None, id="retired tag"),
    pytest.param({"notification_type": "LOUD"}, 100, None, id="unknown notification type"),
    pytest.param(
        {"message": {"attachment": {"type": "image", "payload": {"attachment_id": "1"}}}},
        100,
        2018074,
        id="unknown attachment id",
    ),
    pytest.param(
        {"message": {"attachment": {"type": "image", "payload": {}}}}, 100, None, id="attachment from nowhere"
    ),
    pytest.param({"message": {"text": "x", "quick_replies": [{}] * 14}}, 100, None, id="too many quick replies"),
    pytest.param(
        {"message": {"text": "x", "quick_replies": [{"content_type": "text", "title": "t" * 21}]}},
        100,
        None,
        id="quick reply title too long",
    ),
    pytest.param(
        {"message": {"attachment": {"type": "template", "payload": {"template_type": "button", "text": "x"}}}},
        100,
        None,
        id="button template without buttons",
    ),
]


@pytest.mark.parametrize(("overrides", "code", "subcode"), REFUSED)
async def test_what_meta_refuses_is_refused_and_nothing_happens(
    wrote: GraphSimulator, http: aiohttp.ClientSession, overrides: dict[str, Any], code: int, subcode: int | None
) -> None:
    status, answer = await post(http, wrote, sending(**overrides))

    error = answer["error"]
    assert (status, error["code"], error.get("error_subcode")) == (400, code, subcode)
    assert set(error) - {"error_subcode"} == {"message", "type", "code", "is_transient", "fbtrace_id"}
    assert wrote.sent == []
    assert wrote.ledger.calls("messages")[0].effect is False


async def test_the_longest_text_is_taken(wrote: GraphSimulator, http: aiohttp.ClientSession) -> None:
    status, _ = await post(http, wrote, sending(message={"text": "x" * 2000}))

    assert status == 200


@pytest.mark.parametrize(
    ("waited_s", "overrides", "status"),
    [
        pytest.param(24 * HOUR_S, {}, 200, id="on the last second of the window"),
        pytest.param(24 * HOUR_S + 1, {}, 403, id="a second late"),
        pytest.param(24 * HOUR_S + 1, {"messaging_type": "UPDATE"}, 403, id="an update a second late"),
        pytest.param(7 * 24 * HOUR_S, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}, 200, id="human, day 7"),
        pytest.param(
            7 * 24 * HOUR_S + 1, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}, 403, id="human, late"
        ),
    ],
)
async def test_the_window_is_open_for_24_hours_and_for_7_days_to_human_agents(
    wrote: GraphSimulator,
    http: aiohttp.ClientSession,
    clock: ManualClock,
    waited_s: int,
    overrides: dict[str, Any],
    status: int,
) -> None:
    clock.advance(waited_s)

    answered, answer = await post(http, wrote, sending(**overrides))

    assert answered == status
    if status != 200:
        assert (answer["error"]["code"], answer["error"]["error_subcode"]) == (10, 2018278)


async def test_own_messages_and_their_echoes_do_not_extend_the_window(
    wrote: GraphSimulator, http: aiohttp.ClientSession, clock: ManualClock, receiver: tuple[Receiver, str]
) -> None:
    wrote.callback_url = receiver[1]
    clock.advance(23 * HOUR_S)
    await post(http, wrote, sending())
    await wrote.settled()
    clock.advance(2 * HOUR_S)

    status, _ = await post(http, wrote, sending())

    assert status == 403


async def test_someone_who_never_wrote_cannot_be_written_to(graph: GraphSimulator, http: aiohttp.ClientSession) -> None:
    status, answer = await post(http, graph, sending())

    assert (status, answer["error"]["error_subcode"]) == (403, 2018278)


async def test_a_person_who_blocked_the_page_is_unavailable(wrote: GraphSimulator, http: aiohttp.ClientSession) -> None:
    wrote.world.pages["1122"].people["9001"].unavailable = True

    _, answer = await post(http, wrote, sending())

    assert (answer["error"]["code"], answer["error"]["error_subcode"]) == (551, 1545041)


async def test_a_sender_action_is_answered_without_a_message_id(
    wrote: GraphSimulator, http: aiohttp.ClientSession
) -> None:
    status, answer = await post(http, wrote, sending(message=None, messaging_type=None, sender_action="typing_on"))

    assert (status, answer) == (200, {"recipient_id": "9001"})
    assert wrote.sent == []


async def test_a_message_is_echoed_with_its_id_app_and_metadata(
    wrote: GraphSimulator, http: aiohttp.ClientSession, receiver: tuple[Receiver, str]
) -> None:
    peer, wrote.callback_url = receiver

    _, answer = await post(http, wrote, sending(message={"text": "hi", "metadata": "corr-1"}))
    await wrote.settled()

    (event,) = json.loads(peer.bodies[0])["entry"][0]["messaging"]
    assert (event["sender"], event["recipient"]) == ({"id": "1122"}, {"id": "9001"})
    assert event["message"] == {
        "mid": answer["message_id"],
        "is_echo": True,
        "app_id": 138,
        "metadata": "corr-1",
        "text": "hi",
    }


@pytest.mark.parametrize("echoes", [False, True])
async def test_there_is_no_echo_when_it_is_switched_off_or_not_subscribed(
    wrote: GraphSimulator, http: aiohttp.ClientSession, receiver: tuple[Receiver, str], *, echoes: bool
) -> None:
    peer, wrote.callback_url = receiver
    wrote.echoes = echoes
    if echoes:
        wrote.world.pages["1122"].subscribed_fields = ("messages",)

    await post(http, wrote, sending())
    await wrote.settled()

    assert peer.bodies == []


async def test_an_attachment_can_be_saved_and_sent_by_its_id_for_90_days(
    wrote: GraphSimulator, http: aiohttp.ClientSession, clock: ManualClock
) -> None:
    image = {"type": "image", "payload": {"url": "https://x.test/a.png", "is_reusable": True}}
    url = f"{wrote.url}/v26.0/1122/message_attachments"
    async with http.post(url, json={"message": {"attachment": image}, "access_token": "EAAtoken"}) as answer:
        attachment_id = (await answer.json())["attachment_id"]
    by_id = sending(message={"attachment": {"type": "image", "payload": {"attachment_id": attachment_id}}})

    assert (await post(http, wrote, by_id))[0] == 200
    clock.advance(90 * 24 * HOUR_S + 1)
    wrote.world.note_event("1122", {"sender": {"id": "9001"}, "postback": {}}, clock())
    status, refusal = await post(http, wrote, by_id)

    assert (status, refusal["error"]["error_subcode"]) == (400, 2018074)
