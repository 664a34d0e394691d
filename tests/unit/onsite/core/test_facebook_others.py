"""Events of Messenger that are no messages: each is named."""

from typing import Any

import pytest

from onsite.core.model import (
    Author,
    Details,
    Kind,
    Referral,
)
from tests.samples.messenger import (
    RECEIVED_AT_MS,
    inbound,
    message,
    translate,
    translate_event,
)


@pytest.mark.parametrize(
    ("name", "label", "content"),
    [
        pytest.param(
            "referral",
            "conversation opened by a link",
            {"payload": "flyer", "details": Details(referral=Referral(source="SHORTLINK", ref="flyer"))},
            id="a referral",
        ),
        pytest.param("account_linked", "account linked", {}, id="an account link"),
        pytest.param(
            "response_feedback",
            "feedback on a response",
            {"text": "Good response", "reply_to_key": "m_a"},
            id="a thumb on our answer",
        ),
        pytest.param("customer_information", "customer information form answered", {"text": "k: v"}, id="a form"),
        pytest.param("order", "order", {"text": "1 x Lamp, 40 EUR each\ngift wrapped"}, id="an order"),
        pytest.param("coupon", "coupon revealed", {"text": "S10", "payload": "SPRING"}, id="a coupon"),
        pytest.param(
            "messaging_feedback",
            "feedback form answered",
            {"text": "csat: 5", "sent_at_ms": RECEIVED_AT_MS},
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
def test_any_other_event_becomes_a_notice_that_names_it(name: str, label: str, content: dict[str, Any]) -> None:
    translation = translate(f"messaging/{name}")

    expected = inbound(translation.key, Kind.NOTICE, label=label, **content)
    assert translation.facts == (expected,)


def test_a_kind_that_meta_adds_later_is_a_placeholder_that_names_it() -> None:
    translation = translate("messaging/unknown_kind")

    assert translation.facts == (inbound(translation.key, Kind.PLACEHOLDER, label="hologram call"),)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        pytest.param({"order": {"products": [{"retailer_id": "r9"}, 7]}}, "1 x r9\n1 x product", id="an odd order"),
        pytest.param(
            {
                "messaging_feedback": {
                    "feedback_screens": [
                        {"questions": {"q": {"payload": "5", "follow_up": {"payload": "very good"}}, "r": 7}}
                    ]
                }
            },
            "q: 5\nvery good\nr",
            id="feedback with words",
        ),
        pytest.param({"messaging_customer_information": {"screens": {"a": 1}}}, "", id="a form that is no form"),
    ],
)
def test_what_was_filled_in_is_lines_of_text(event: dict[str, Any], text: str) -> None:
    assert message(translate_event(**event)).text == text


@pytest.mark.parametrize(
    ("status", "label"),
    [("STOP NOTIFICATIONS", "opted out of notifications"), ("RESUME NOTIFICATIONS", "opted in again")],
)
def test_who_opts_out_is_not_shown_as_opting_in(status: str, label: str) -> None:
    assert message(translate_event(optin={"notification_messages_status": status})).label == label


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
