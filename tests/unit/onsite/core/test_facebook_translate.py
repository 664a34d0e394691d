"""Items of Messenger's webhooks: what each kind of event means. The samples follow Meta's documented shapes."""

import json
from pathlib import Path
from typing import Any

import pytest

from onsite.core.errors import TranslationError
from onsite.core.facebook.translate import translate_item
from onsite.core.model import (
    Attachment,
    AttachmentKind,
    Author,
    Direction,
    Kind,
    MessageFact,
    Person,
    ReceiptFact,
    ReceiptState,
    Translation,
)

SAMPLES = Path(__file__).parents[3] / "samples" / "facebook"
PAGE = "1122"
CUSTOMER = "7788990011223344"
SENT_AT_MS = 1_760_000_000_123
RECEIVED_AT_MS = 1_760_000_009_999


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def translate(name: str) -> Translation:
    return translate_item(name.partition("/")[0], PAGE, sample(name), received_at_ms=RECEIVED_AT_MS)


def translate_event(**event: Any) -> Translation:
    whole = {"sender": {"id": CUSTOMER}, "recipient": {"id": PAGE}, "timestamp": SENT_AT_MS} | event
    return translate_item("messaging", PAGE, json.dumps(whole).encode(), received_at_ms=RECEIVED_AT_MS)


def message(translation: Translation) -> MessageFact:
    (fact,) = translation.facts
    assert isinstance(fact, MessageFact)
    return fact


def inbound(message_key: str, kind: Kind, **content: Any) -> MessageFact:
    common: dict[str, Any] = {
        "conversation_key": CUSTOMER,
        "message_key": message_key,
        "direction": Direction.INBOUND,
        "author": Author.CONTACT,
        "sent_at_ms": SENT_AT_MS,
        "kind": kind,
        "person": Person(CUSTOMER),
    }
    return MessageFact(**(common | content))


def outbound(message_key: str, kind: Kind, **content: Any) -> MessageFact:
    return inbound(message_key, kind, direction=Direction.OUTBOUND, author=Author.ELSEWHERE, **content)


FBCDN = "https://scontent.xx.fbcdn.net"
A = AttachmentKind


@pytest.mark.parametrize(
    ("name", "key", "fact"),
    [
        pytest.param("messaging/text", "m:m_text", inbound("m_text", Kind.TEXT, text="Good morning"), id="a text"),
        pytest.param(
            "messaging/text_with_escapes",
            "m:m_escapes",
            inbound("m_escapes", Kind.TEXT, text="Grüße 😀 https://x.test/a"),
            id="a text in Meta's escaped form",
        ),
        pytest.param(
            "messaging/text_reply",
            "m:m_reply",
            inbound("m_reply", Kind.TEXT, text="yes, that one", reply_to_key="m_old"),
            id="a reply to an earlier message",
        ),
        pytest.param(
            "messaging/quick_reply",
            "m:m_quick",
            inbound("m_quick", Kind.TEXT, text="Yes", payload="CONFIRM"),
            id="a quick reply with its payload",
        ),
        pytest.param(
            "messaging/ids_as_numbers",
            "m:m_numbers",
            inbound("m_numbers", Kind.TEXT, text="hi"),
            id="ids as numbers, moment as a text",
        ),
        pytest.param(
            "messaging/text_with_link_preview",
            "m:m_link",
            inbound(
                "m_link",
                Kind.MEDIA,
                text="see https://x.test",
                attachments=(Attachment(A.LINK, url="https://x.test", title="X"),),
            ),
            id="a text beside the preview of its link",
        ),
        pytest.param(
            "messaging/echo_of_ours",
            "e:m_echo",
            outbound("m_echo", Kind.TEXT, text="How can I help?", correlation="42"),
            id="the echo of our own message brings our id back",
        ),
        pytest.param(
            "messaging/echo_of_page_inbox",
            "e:m_inbox",
            outbound("m_inbox", Kind.TEXT, text="typed in the inbox"),
            id="the echo of what somebody typed in the page's inbox",
        ),
        pytest.param(
            "messaging/echo_of_template",
            "e:m_template",
            outbound("m_template", Kind.MEDIA, attachments=(Attachment(A.OTHER, title="Choose"),)),
            id="the echo of another app's template, whose metadata is not ours",
        ),
        pytest.param(
            "messaging/postback",
            "p:m_postback",
            inbound("m_postback", Kind.POSTBACK, text="Get started", payload="START"),
            id="a postback",
        ),
        pytest.param(
            "messaging/postback_of_plugin_guest",
            "p:m_guest",
            inbound(
                "m_guest",
                Kind.POSTBACK,
                text="Hi",
                payload="HI",
                conversation_key="user_ref:guest-1",
                person=Person("user_ref:guest-1"),
            ),
            id="a postback of someone who has only a user_ref",
        ),
        pytest.param(
            "messaging/message_unsupported",
            "m:m_unsupported",
            inbound("m_unsupported", Kind.PLACEHOLDER, label="unsupported message"),
            id="a message that Meta does not pass on",
        ),
        pytest.param(
            "messaging/command_only",
            "m:m_command",
            inbound("m_command", Kind.PLACEHOLDER, label="message without content"),
            id="a message with neither text nor attachment",
        ),
    ],
)
def test_a_message_becomes_a_fact_with_its_own_id(name: str, key: str, fact: MessageFact) -> None:
    assert translate(name) == Translation(key, (fact,))


@pytest.mark.parametrize(
    ("name", "attachments"),
    [
        pytest.param("image", (Attachment(A.IMAGE, url=f"{FBCDN}/v/1.jpg?oe=1"),), id="an image"),
        pytest.param(
            "several_images",
            (Attachment(A.IMAGE, url=f"{FBCDN}/v/1.jpg"), Attachment(A.IMAGE, url=f"{FBCDN}/v/2.jpg")),
            id="several images of one message, in order",
        ),
        pytest.param("video", (Attachment(A.VIDEO, url="https://video.xx.fbcdn.net/v/1.mp4"),), id="a video"),
        pytest.param("audio", (Attachment(A.AUDIO, url="https://cdn.fbsbx.com/v/1.mp4"),), id="a sound"),
        pytest.param(
            "file",
            (
                Attachment(
                    A.FILE,
                    url="https://cdn.fbsbx.com/v/t59.2/annual%20report.pdf?oh=1&oe=2",
                    name="annual report.pdf",
                ),
            ),
            id="a file with the name in its address",
        ),
        pytest.param(
            "sticker", (Attachment(A.STICKER, url=f"{FBCDN}/s.png", title="thumbs up"),), id="the like button"
        ),
        pytest.param(
            "sticker_and_its_image", (Attachment(A.STICKER, url=f"{FBCDN}/s.png"),), id="a sticker sent twice is one"
        ),
        pytest.param("sticker_as_image", (Attachment(A.STICKER, url=f"{FBCDN}/s.png"),), id="a sticker of older shape"),
        pytest.param(
            "reel", (Attachment(A.LINK, url="https://www.facebook.com/reel/1", title="A reel"),), id="a shared reel"
        ),
        pytest.param(
            "post", (Attachment(A.LINK, url="https://www.facebook.com/1/posts/2", title="A post"),), id="a shared post"
        ),
        pytest.param(
            "fallback_without_payload",
            (Attachment(A.LINK, url="https://x.test/old", title="Old link"),),
            id="a fallback of older shape",
        ),
        pytest.param(
            "location",
            (Attachment(A.LOCATION, url="https://maps.test", title="Pinned", latitude=48.2, longitude=16.37),),
            id="a location",
        ),
        pytest.param(
            "product", (Attachment(A.OTHER, url="https://x.test/9.jpg", title="Lamp, 40 EUR"),), id="a shared product"
        ),
        pytest.param("appointment", (Attachment(A.OTHER, title="appointment requested"),), id="a booking"),
        pytest.param(
            "unknown_attachment",
            (Attachment(A.OTHER, url="https://x.test/h", title="holo gram"),),
            id="a kind that Meta adds later",
        ),
    ],
)
def test_an_attachment_becomes_a_reference(name: str, attachments: tuple[Attachment, ...]) -> None:
    fact = message(translate(f"messaging/{name}"))

    assert fact.attachments == attachments
    assert fact.kind is Kind.MEDIA


@pytest.mark.parametrize(
    ("odd", "expected"),
    [
        pytest.param("image", (), id="a text where the list belongs"),
        pytest.param([None, 3], (Attachment(A.OTHER, title="unnamed attachment"),), id="items that are no objects"),
        pytest.param([{"type": "image"}], (Attachment(A.IMAGE),), id="no payload"),
        pytest.param([{"type": "image", "payload": "BLOB"}], (Attachment(A.IMAGE),), id="a payload that is a text"),
        pytest.param([{"type": 7}], (Attachment(A.OTHER, title="7"),), id="a type that is a number"),
        pytest.param([{"type": "fallback"}], (Attachment(A.LINK, title="fallback"),), id="a fallback of nothing"),
        pytest.param(
            [{"type": "location", "payload": {"coordinates": {"lat": "n", "long": None}}}],
            (Attachment(A.LOCATION),),
            id="coordinates that are none",
        ),
        pytest.param(
            [{"type": "template", "payload": {"template_type": "receipt"}}],
            (Attachment(A.OTHER, title="receipt template"),),
            id="a template without a title",
        ),
        pytest.param(
            [{"type": "template", "payload": {"product": {"elements": [{}]}}}],
            (Attachment(A.OTHER, title="product"),),
            id="a product without a name",
        ),
        pytest.param(
            [{"type": "file", "payload": {"url": "no address"}}],
            (Attachment(A.FILE, url="no address"),),
            id="a file whose address is none",
        ),
    ],
)
def test_an_odd_attachment_is_never_nothing(odd: Any, expected: tuple[Attachment, ...]) -> None:
    fact = message(translate_event(message={"mid": "m", "text": "t", "attachments": odd}))

    assert fact.attachments == expected


@pytest.mark.parametrize(
    ("name", "label", "content"),
    [
        pytest.param("message_edit", "message edit", {"text": "Good evening", "reply_to_key": "m_text"}, id="an edit"),
        pytest.param("message_deleted", "message deleted", {"reply_to_key": "m_text"}, id="a message taken back"),
        pytest.param("reaction", "reaction", {"text": "❤️", "reply_to_key": "m_a"}, id="a reaction"),
        pytest.param("reaction_removed", "reaction removed", {"reply_to_key": "m_a"}, id="a reaction taken back"),
        pytest.param("referral", "conversation opened by a link", {"payload": "flyer"}, id="a referral"),
        pytest.param("account_linked", "account linked", {}, id="an account link"),
        pytest.param(
            "response_feedback",
            "feedback on a response",
            {"text": "Good response", "reply_to_key": "m_a"},
            id="a thumb on our answer",
        ),
        pytest.param("customer_information", "customer information form answered", {}, id="a form"),
        pytest.param("order", "order", {"text": "gift wrapped"}, id="an order"),
        pytest.param("coupon", "coupon revealed", {"payload": "SPRING"}, id="a coupon"),
        pytest.param("unknown_kind", "hologram call", {}, id="a kind that Meta adds later"),
        pytest.param(
            "messaging_feedback",
            "feedback form answered",
            {"sent_at_ms": RECEIVED_AT_MS},
            id="feedback, which has no time",
        ),
        pytest.param(
            "optin",
            "opt-in",
            {"text": "Get news", "payload": "NEWS", "sent_at_ms": 1_760_000_000_000},
            id="an opt-in, in seconds",
        ),
        pytest.param("thread_control_passed", "thread control passed", {"author": Author.SYSTEM}, id="control passed"),
        pytest.param("thread_control_taken", "thread control taken", {"author": Author.SYSTEM}, id="control taken"),
        pytest.param(
            "thread_control_requested", "thread control requested", {"author": Author.SYSTEM}, id="control requested"
        ),
    ],
)
def test_any_other_event_becomes_a_placeholder_that_names_it(name: str, label: str, content: dict[str, Any]) -> None:
    translation = translate(f"messaging/{name}")

    expected = inbound(translation.key, Kind.PLACEHOLDER, label=label, **content)
    assert translation.facts == (expected,)


@pytest.mark.parametrize(
    ("action", "label"),
    [
        ("warning", "Facebook warned the page"),
        ("block", "Facebook restricted the page"),
        ("unblock", "Facebook lifted the page's restriction"),
        ("new", "policy enforcement"),
    ],
)
@pytest.mark.parametrize("spelling", ["policy_enforcement", "policy-enforcement"])
def test_a_restriction_that_names_a_person_is_shown_in_their_conversation(
    spelling: str, action: str, label: str
) -> None:
    fact = message(translate_event(**{spelling: {"action": action, "reason": "spam"}}))

    assert (fact.author, fact.label, fact.text) == (Author.SYSTEM, label, "spam")


@pytest.mark.parametrize("name", ["messaging/app_roles", "messaging/policy_enforcement", "changes/feed"])
def test_what_concerns_no_conversation_states_no_fact(name: str) -> None:
    assert translate(name).facts == ()


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        pytest.param(
            "delivery",
            ReceiptFact(CUSTOMER, ReceiptState.DELIVERED, ("m_a", "m_b"), 1_760_000_000_000),
            id="a delivery, which has no time of its own",
        ),
        pytest.param(
            "delivery_without_mids",
            ReceiptFact(CUSTOMER, ReceiptState.DELIVERED, (), 1_760_000_000_000),
            id="a delivery of all until the watermark",
        ),
        pytest.param("read", ReceiptFact(CUSTOMER, ReceiptState.READ, (), 1_760_000_000_000), id="a read watermark"),
        pytest.param(
            "read_of_one_message", ReceiptFact(CUSTOMER, ReceiptState.READ, ("m_seen",)), id="Instagram's read"
        ),
    ],
)
def test_a_receipt_says_how_far_our_messages_got(name: str, fact: ReceiptFact) -> None:
    assert translate(f"messaging/{name}").facts == (fact,)


@pytest.mark.parametrize("content", [{}, {"mids": [None, {}], "watermark": "soon"}])
def test_a_receipt_that_says_nothing_states_no_fact(content: dict[str, Any]) -> None:
    assert translate_event(delivery=content).facts == ()


def test_a_receipt_without_a_customer_states_no_fact() -> None:
    assert translate_event(sender=None, read={"watermark": SENT_AT_MS}).facts == ()


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        pytest.param(SENT_AT_MS, SENT_AT_MS, id="milliseconds"),
        pytest.param(str(SENT_AT_MS), SENT_AT_MS, id="milliseconds as a text"),
        pytest.param(1_760_000_000, 1_760_000_000_000, id="seconds"),
        pytest.param(None, RECEIVED_AT_MS, id="null"),
        pytest.param("yesterday", RECEIVED_AT_MS, id="no number"),
        pytest.param(10**25, RECEIVED_AT_MS, id="beyond all time"),
    ],
)
def test_the_moment_is_read_or_else_is_when_we_received_it(timestamp: Any, expected: int) -> None:
    assert message(translate_event(timestamp=timestamp, message={"mid": "m", "text": "t"})).sent_at_ms == expected


def test_an_echo_whose_parties_are_not_swapped_still_belongs_to_the_customer() -> None:
    fact = message(translate_event(message={"mid": "m", "text": "t", "is_echo": True}))

    assert (fact.conversation_key, fact.direction) == (CUSTOMER, Direction.OUTBOUND)


def test_what_the_page_sends_is_outbound_even_when_it_is_not_called_an_echo() -> None:
    translation = translate_event(sender={"id": PAGE}, recipient={"id": CUSTOMER}, message={"mid": "m", "text": "t"})

    assert translation == Translation("e:m", (outbound("m", Kind.TEXT, text="t"),))


def test_our_prefix_in_a_customers_message_is_no_correlation() -> None:
    assert message(translate_event(message={"mid": "m", "text": "t", "metadata": "social-relay:42"})).correlation == ""


def test_a_button_without_a_title_is_not_blank() -> None:
    fact = message(translate_event(postback={"payload": "P"}))

    assert (fact.kind, fact.label, fact.payload) == (Kind.POSTBACK, "button pressed", "P")


def test_a_text_of_blanks_only_is_named() -> None:
    assert message(translate_event(message={"mid": "m", "text": " \n"})).label == "message without content"


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b'{"message":NaN}', id="no JSON"),
        pytest.param(b'{"message":' + b"[" * 100_000, id="endless nesting"),
        pytest.param(b'{"message":"hi"}', id="a message that is a text"),
        pytest.param(b'{"read":[1]}', id="a receipt that is a list"),
        pytest.param(b'{"recipient":{"id":"1122"},"message":{"mid":"m","text":"secret"}}', id="a message of nobody"),
        pytest.param(b'{"recipient":{"id":"1122"},"postback":{"title":"secret"}}', id="a button pressed by nobody"),
    ],
)
def test_what_cannot_be_read_or_placed_goes_to_quarantine(payload: bytes) -> None:
    with pytest.raises(TranslationError) as caught:
        translate_item("messaging", PAGE, payload, received_at_ms=RECEIVED_AT_MS)

    assert str(caught.value)
    assert "secret" not in str(caught.value)


def test_any_depth_of_nesting_is_either_translated_or_goes_to_quarantine() -> None:
    """The depths that the decoder and the encoder stand differ: what one of them takes, the other may not."""
    outcomes = set()
    for depth in range(800, 1100):
        payload = b'{"sender":{"id":"1"},"x":' + b"[" * depth + b"]" * depth + b"}"
        try:
            outcomes.add(type(translate_item("messaging", PAGE, payload, received_at_ms=RECEIVED_AT_MS)))
        except TranslationError as error:
            outcomes.add(type(error))

    assert outcomes == {Translation, TranslationError}


def test_standby_and_messaging_copies_of_an_event_have_the_same_key() -> None:
    assert translate("standby/text") == translate("messaging/text")
    assert translate("standby/postback").key == translate("messaging/postback_without_mid").key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"message": {"mid": "a"}}, {"message": {"mid": "b"}}, id="messages of two ids"),
        pytest.param(
            {"message": {"mid": "a"}}, {"message": {"mid": "a", "is_echo": True}}, id="a message and its echo"
        ),
        pytest.param(
            {"message": {"mid": "a"}}, {"message": {"mid": "a", "is_deleted": True}}, id="a message and its deletion"
        ),
        pytest.param({"message": {"text": "a"}}, {"message": {"text": "b"}}, id="messages without ids"),
        pytest.param(
            {"message": {"text": "a"}}, {"message": {"text": "a"}, "timestamp": 1}, id="the same words at another time"
        ),
        pytest.param({"postback": {"title": "a"}}, {"postback": {"title": "b"}}, id="two buttons"),
        pytest.param(
            {"postback": {"title": "a"}}, {"postback": {"title": "a"}, "timestamp": 1}, id="a button pressed again"
        ),
        pytest.param(
            {"postback": {"payload": "a"}, "timestamp": None},
            {"postback": {"payload": "b"}, "timestamp": None},
            id="buttons that nothing but the payload tells apart",
        ),
        pytest.param(
            {"reaction": {"mid": "a", "action": "react"}},
            {"reaction": {"mid": "b", "action": "react"}},
            id="reactions to two messages",
        ),
        pytest.param(
            {"reaction": {"mid": "a", "action": "react"}},
            {"reaction": {"mid": "a", "action": "unreact"}},
            id="a reaction and its removal",
        ),
        pytest.param(
            {"reaction": {"mid": "a"}}, {"reaction": {"mid": "a"}, "sender": {"id": "9"}}, id="reactions of two people"
        ),
        pytest.param(
            {"message_edit": {"mid": "a", "num_edit": 1}},
            {"message_edit": {"mid": "a", "num_edit": 2}},
            id="two edits of a message",
        ),
        pytest.param({"read": {"watermark": 1}}, {"read": {"watermark": 2}}, id="reads until two moments"),
        pytest.param({"read": {"watermark": 1}}, {"delivery": {"watermark": 1}}, id="a read and a delivery"),
        pytest.param(
            {"delivery": {"watermark": 1, "mids": ["a"]}},
            {"delivery": {"watermark": 1, "mids": ["b"]}},
            id="deliveries of two messages until one moment",
        ),
        pytest.param({"new_kind": "a"}, {"new_kind": "b"}, id="a new kind that is no object"),
    ],
)
def test_different_events_have_different_keys(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert translate_event(**one).key != translate_event(**other).key


def test_changes_are_told_apart_by_their_content() -> None:
    def key(value: object) -> str:
        item = json.dumps({"field": "feed", "value": value}).encode()
        return translate_item("changes", PAGE, item, received_at_ms=RECEIVED_AT_MS).key

    assert key({"a": 1, "b": 2}) == key({"b": 2, "a": 1})
    assert key({"a": 1}) != key({"a": 2})
