"""Every other event: a placeholder that names it in words, so that no operator sees a blank. Words only, no behaviour.

What this release can read of it (a note, a reason) goes along. An event without a customer (`app_roles`, a
restriction of the page) concerns no conversation: it is stored raw and states no fact.
Source of the kinds: https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from onsite.core.event_key import derived_key
from onsite.core.facebook.event import UNNAMED, Event
from onsite.core.facebook.messages import bare_fact
from onsite.core.model import Author, Direction, Translation
from shared.lenient import as_id, as_text


@dataclass(frozen=True, slots=True)
class _Words:
    """How a kind is shown: its label, and which keys of its content hold something readable."""

    label: str
    text: str = ""
    payload: str = ""
    by_system: bool = False
    variant: str = ""
    """A key whose value may pick another label from `variants`."""
    variants: Mapping[str, str] = field(default_factory=dict)


_WORDS: dict[str, _Words] = {
    "referral": _Words("conversation opened by a link", payload="ref"),
    "optin": _Words("opt-in", text="title", payload="payload"),
    "account_linking": _Words(
        "account linking", variant="status", variants={"linked": "account linked", "unlinked": "account unlinked"}
    ),
    "pass_thread_control": _Words("thread control passed", by_system=True),
    "take_thread_control": _Words("thread control taken", by_system=True),
    "request_thread_control": _Words("thread control requested", by_system=True),
    "app_roles": _Words("app roles changed", by_system=True),
    "policy_enforcement": _Words(
        "policy enforcement",
        text="reason",
        by_system=True,
        variant="action",
        variants={
            "warning": "Facebook warned the page",
            "block": "Facebook restricted the page",
            "unblock": "Facebook lifted the page's restriction",
        },
    ),
    "response_feedback": _Words("feedback on a response", text="feedback"),
    "messaging_feedback": _Words("feedback form answered"),
    "messaging_customer_information": _Words("customer information form answered"),
    "order": _Words("order", text="note"),
    "template": _Words("coupon revealed", payload="payload"),
    UNNAMED: _Words("event without content"),
}

_MAX_LABEL = 80


def translate_other(event: Event) -> Translation:
    """Read an event of any kind that has no translator of its own."""
    key = derived_key("other", event.kind, event.contact, event.from_page, event.timestamp_ms, event.verbatim)
    if not event.contact:
        return Translation(key, ())
    words = _WORDS.get(event.kind) or _Words(_spelled(event.kind))
    content = event.content
    fact = replace(
        bare_fact(event, key),
        label=words.variants.get(as_text(content.get(words.variant)), words.label),
        text=as_text(content.get(words.text)),
        payload=as_text(content.get(words.payload)),
        reply_to_key=as_id(content.get("mid")),
    )
    if words.by_system:
        fact = replace(fact, direction=Direction.INBOUND, author=Author.SYSTEM)
    return Translation(key, (fact,))


def _spelled(kind: str) -> str:
    """Write a kind that Meta added after this release as words."""
    return as_text(kind).replace("_", " ").strip()[:_MAX_LABEL] or "unnamed event"
