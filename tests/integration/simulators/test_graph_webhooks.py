"""The sending side of the simulated webhooks: signature, handshake, events, retries, echoes."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.integration.simulators.receiver import Receiver
from tests.simulators.clock import ManualClock
from tests.simulators.graph import GraphSimulator, meta_json

Received = tuple[Receiver, str]

DOCUMENTED_BODY = (
    rb'{"object":"page","entry":[{"id":"1","time":1,"messaging":[{"sender":{"id":"2"},"recipient":{"id":"1"},'
    rb'"timestamp":1,"message":{"mid":"m_1","text":"\u00e4\u00f6 https:\/\/x.test"}}]}]}'
)


def events_of(receiver: Receiver) -> list[dict[str, Any]]:
    return [event for body in receiver.bodies for entry in json.loads(body)["entry"] for event in entry["messaging"]]


def test_the_body_is_written_in_the_escaped_form_that_meta_signs() -> None:
    written = meta_json.encode(json.loads(DOCUMENTED_BODY))

    assert written == DOCUMENTED_BODY


def test_the_signatures_of_the_documented_body_are_the_documented_ones() -> None:
    assert meta_json.sign(DOCUMENTED_BODY, app_secret="app-secret-example") == {
        "X-Hub-Signature-256": "sha256=0b4f9b9e0accf0733378842afbd2da4ce96166e0e0c5a9f82ef10fd56750c818",
        "X-Hub-Signature": "sha1=83e0d62300b0da999bfb32f112010ccd38747e45",
    }


@pytest.mark.parametrize(
    ("at_s", "proof"),
    [
        pytest.param(None, "17d8a1c5b985fe9235656332e74397db7cf41995ed1d73cfd0e4e3a2a8662f3d", id="untimed"),
        pytest.param(1700000000, "7bfb7a0f6d3f6fba5a58e392fbec74c23e0d379349f4fc928c2cf97a3e1ee98e", id="timed"),
    ],
)
def test_the_proofs_of_the_documented_token_are_the_documented_ones(at_s: int | None, proof: str) -> None:
    assert meta_json.appsecret_proof("EAAtoken", app_secret="app-secret-example", at_s=at_s) == proof


async def test_a_posted_body_carries_both_signatures_over_exactly_its_bytes(
    graph: GraphSimulator, receiver: Received
) -> None:
    peer, graph.callback_url = receiver

    result = await graph.customer_says("1122", "9001", "Grüße / 👋")

    body, headers = peer.bodies[0], peer.headers[0]
    assert rb"Gr\u00fc\u00dfe \/ \ud83d\udc4b" in body
    for name, algorithm in (("X-Hub-Signature-256", hashlib.sha256), ("X-Hub-Signature", hashlib.sha1)):
        digest = hmac.new(b"app-secret-example", body, algorithm).hexdigest()
        assert headers[name].partition("=")[2] == digest
    assert headers["Content-Type"] == "application/json"
    assert (result.status, result.body, result.accepted) == (200, "EVENT_RECEIVED", True)


async def test_a_text_becomes_an_event_with_a_fresh_id_and_milliseconds(
    graph: GraphSimulator, receiver: Received, clock: ManualClock
) -> None:
    peer, graph.callback_url = receiver

    first = await graph.customer_says("1122", "9001", "hello")
    second = await graph.customer_says("1122", "9001", "hello")

    assert events_of(peer)[0] == {
        "sender": {"id": "9001"},
        "recipient": {"id": "1122"},
        "timestamp": int(clock() * 1000),
        "message": {"mid": first.mid, "text": "hello"},
    }
    assert first.mid.startswith("m_")
    assert first.mid != second.mid


async def test_everything_that_people_do_becomes_an_event_of_its_kind(
    graph: GraphSimulator, receiver: Received, clock: ManualClock
) -> None:
    peer, graph.callback_url = receiver
    image = {"type": "image", "payload": {"url": "https://scontent.xx.fbcdn.net/a.png"}}
    now_ms = int(clock() * 1000)

    sent = await graph.customers.sends("1122", "9001", image)
    pressed = await graph.customers.presses("1122", "9001", "Yes", "YES")
    tapped = await graph.customers.taps("1122", "9001", "Red", "RED")
    await graph.customers.edits("1122", "9001", sent.mid, "better")
    await graph.customers.reacts("1122", "9001", sent.mid, "❤")
    await graph.customers.reacts("1122", "9001", sent.mid, "")
    await graph.customers.reads("1122", "9001")
    await graph.customers.receives("1122", "9001", ["m_1"])

    kinds = [
        {key: value for key, value in event.items() if key not in {"sender", "recipient", "timestamp"}}
        for event in events_of(peer)
    ]
    assert kinds == [
        {"message": {"mid": sent.mid, "attachments": [image]}},
        {"postback": {"mid": pressed.mid, "title": "Yes", "payload": "YES"}},
        {"message": {"mid": tapped.mid, "text": "Red", "quick_reply": {"payload": "RED"}}},
        {"message_edit": {"mid": sent.mid, "text": "better", "num_edit": 1}},
        {"reaction": {"mid": sent.mid, "action": "react", "reaction": "other", "emoji": "❤"}},
        {"reaction": {"mid": sent.mid, "action": "unreact"}},
        {"read": {"watermark": now_ms}},
        {"delivery": {"mids": ["m_1"], "watermark": now_ms}},
    ]


async def test_what_the_page_has_not_subscribed_is_not_posted(graph: GraphSimulator, receiver: Received) -> None:
    peer, graph.callback_url = receiver
    graph.add_page("3344", name="Quiet", subscribed_fields=["message_reads"])
    graph.add_person(page_id="3344", psid="9002", name="Bo")

    result = await graph.customer_says("3344", "9002", "hello")

    assert (result.status, result.error) == (None, "page 3344 has not subscribed messages")
    assert peer.bodies == []


async def test_a_stranger_cannot_write(graph: GraphSimulator, receiver: Received) -> None:
    graph.callback_url = receiver[1]

    with pytest.raises(LookupError, match="page 1122 has no person 4711"):
        await graph.customer_says("1122", "4711", "hello")


async def test_the_handshake_succeeds_when_the_challenge_comes_back(graph: GraphSimulator, receiver: Received) -> None:
    graph.callback_url = receiver[1]

    assert (await graph.verify_callback()).accepted


async def test_the_handshake_fails_when_something_else_comes_back(graph: GraphSimulator) -> None:
    graph.callback_url = graph.url  # what answers there is Graph itself, with an error

    result = await graph.verify_callback()

    assert not result.accepted


async def test_what_was_not_answered_with_200_is_posted_again_on_request_only(
    graph: GraphSimulator, receiver: Received
) -> None:
    peer, graph.callback_url = receiver
    peer.status = 503
    refused = await graph.customer_says("1122", "9001", "hello")
    assert len(peer.bodies) == 1

    still_refused = await graph.retry_undelivered()
    peer.status = 200
    taken = await graph.retry_undelivered()

    assert [refused.status, *[result.status for result in still_refused + taken]] == [503, 503, 200]
    assert len(set(peer.bodies)) == 1
    assert graph.undelivered == []


async def test_an_absent_receiver_is_a_result_and_not_an_exception(graph: GraphSimulator) -> None:
    graph.callback_url = "http://127.0.0.1:9/webhook"

    result = await graph.customer_says("1122", "9001", "hello")

    assert (result.status, result.accepted) == (None, False)
    assert result.error
    assert len(graph.undelivered) == 1


async def test_a_whole_body_and_a_list_of_entries_can_be_delivered(graph: GraphSimulator, receiver: Received) -> None:
    peer, graph.callback_url = receiver
    entry = {"id": "1122", "time": 1, "messaging": []}

    await graph.deliver([entry])
    await graph.deliver({"object": "instagram", "entry": [entry]})
    await graph.deliver(b"no JSON at all")

    assert [json.loads(body) for body in peer.bodies[:2]] == [
        {"object": "page", "entry": [entry]},
        {"object": "instagram", "entry": [entry]},
    ]
    assert peer.bodies[2] == b"no JSON at all"


async def test_the_page_inbox_is_heard_of_by_an_echo(graph: GraphSimulator, receiver: Received) -> None:
    peer, graph.callback_url = receiver

    await graph.page_inbox_says("1122", "9001", "from the inbox")

    (event,) = events_of(peer)
    assert (event["sender"]["id"], event["recipient"]["id"]) == ("1122", "9001")
    assert event["message"]["app_id"] == 263902037430900
    assert event["message"]["is_echo"] is True
