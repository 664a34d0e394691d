"""Messages, echoes and postbacks of Messenger."""

from typing import Any

import pytest

from onsite.core.model import (
    Attachment,
    AttachmentKind,
    Details,
    Direction,
    Kind,
    MessageFact,
    Person,
    Referral,
    Translation,
)
from tests.samples.messenger import (
    RECEIVED_AT_MS,
    SENT_AT_MS,
    inbound,
    message,
    outbound,
    translate,
    translate_event,
)
from tests.samples.reading import FACEBOOK_CUSTOMER as CUSTOMER
from tests.samples.reading import FACEBOOK_PAGE as PAGE

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
            outbound(
                "m_template", Kind.MEDIA, attachments=(Attachment(A.TEMPLATE, title="Choose", description="[A]"),)
            ),
            id="the echo of another app's template, whose metadata is not ours",
        ),
        pytest.param(
            "messaging/postback",
            "p:m_postback",
            inbound(
                "m_postback",
                Kind.POSTBACK,
                text="Get started",
                payload="START",
                details=Details(referral=Referral(source="SHORTLINK", ref="flyer")),
            ),
            id="a postback that opened the conversation by a link",
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


def test_an_answer_to_a_story_of_ours_says_so() -> None:
    told = {"mid": "m", "text": "nice", "reply_to": {"story": {"id": "1", "url": "https://x.test/s"}}}
    fact = message(translate_event(message=told))

    assert fact.attachments == (Attachment(A.STORY, url="https://x.test/s", title="your story"),)
    assert (fact.kind, fact.text) == (Kind.MEDIA, "nice")


@pytest.mark.parametrize(
    ("told", "referral"),
    [
        pytest.param(
            {"source": "ADS", "type": "OPEN_THREAD", "ad_id": 77, "ads_context_data": {"ad_title": "Lamps"}},
            Referral(source="ADS", ad_id="77", title="Lamps"),
            id="an ad",
        ),
        pytest.param({"product": {"id": 9}}, Referral(source="PRODUCT", title="9"), id="a product of the shop"),
        pytest.param({"referer_uri": "https://x.test"}, Referral(url="https://x.test"), id="a page of a site"),
        pytest.param({}, None, id="nothing"),
        pytest.param("ADS", None, id="no object"),
    ],
)
def test_what_brought_a_customer_stands_with_what_they_say(told: Any, referral: Referral | None) -> None:
    fact = message(translate_event(message={"mid": "m", "text": "hi", "referral": told}))

    assert fact.details.referral == referral
