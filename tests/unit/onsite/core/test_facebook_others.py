"""Events of Messenger that are no messages: each is named."""

from typing import Any

import pytest

from onsite.core.model import (
    Author,
    Kind,
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
