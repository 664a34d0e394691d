"""Every other event: a notice in words, or a placeholder that names a kind which Meta added after this release.

What can be read of it (a note, a reason, the answers to a form) goes along. An event without a customer (`app_roles`,
a restriction of the page) concerns no conversation: it is stored raw and states no fact.
Source of the kinds: https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from onsite.core.event_key import derived_key
from onsite.core.facebook.event import UNNAMED, Event
from onsite.core.facebook.forms import feedback_text, information_text, order_text
from onsite.core.facebook.messages import bare_fact
from onsite.core.facebook.referrals import with_referral
from onsite.core.model import Author, Direction, Kind, MessageFact, Translation
from shared.lenient import JsonObject, as_id, as_text


def _key(name: str) -> Callable[[JsonObject], str]:
    return lambda content: as_text(content.get(name))


_NOTHING = _key("")


@dataclass(frozen=True, slots=True)
class _Words:
    """How a kind is shown: its label, and what of its content can be read."""

    label: str
    text: Callable[[JsonObject], str] = _NOTHING
    payload: Callable[[JsonObject], str] = _NOTHING
    by_system: bool = False
    variant: str = ""
    """A key whose value may pick another label from `variants`."""
    variants: Mapping[str, str] = field(default_factory=dict)


_WORDS: dict[str, _Words] = {
    "referral": _Words("conversation opened by a link", payload=_key("ref")),
    "optin": _Words(
        "opt-in",
        text=_key("title"),
        payload=_key("payload"),
        variant="notification_messages_status",
        variants={"STOP NOTIFICATIONS": "opted out of notifications", "RESUME NOTIFICATIONS": "opted in again"},
    ),
    "account_linking": _Words(
        "account linking", variant="status", variants={"linked": "account linked", "unlinked": "account unlinked"}
    ),
    "pass_thread_control": _Words("thread control passed", by_system=True),
    "take_thread_control": _Words("thread control taken", by_system=True),
    "request_thread_control": _Words("thread control requested", by_system=True),
    "app_roles": _Words("app roles changed", by_system=True),
    "policy_enforcement": _Words(
        "policy enforcement",
        text=_key("reason"),
        by_system=True,
        variant="action",
        variants={
            "warning": "Facebook warned the page",
            "block": "Facebook restricted the page",
            "unblock": "Facebook lifted the page's restriction",
        },
    ),
    "response_feedback": _Words("feedback on a response", text=_key("feedback")),
    "messaging_feedback": _Words("feedback form answered", text=feedback_text),
    "messaging_customer_information": _Words("customer information form answered", text=information_text),
    "order": _Words("order", text=order_text),
    "template": _Words("coupon revealed", text=_key("coupon_code"), payload=_key("payload")),
}
_UNKNOWN = {UNNAMED: _Words("event without content")}

_MAX_LABEL = 80


def translate_other(event: Event) -> Translation:
    """Read an event of any kind that has no translator of its own."""
    key = derived_key("other", event.kind, event.contact, event.from_page, event.timestamp_ms, event.verbatim)
    return Translation(key, (_fact(event, key),) if event.contact else ())


def _fact(event: Event, key: str) -> MessageFact:
    known = _WORDS.get(event.kind)
    words = known or _UNKNOWN.get(event.kind) or _Words(_spelled(event.kind))
    content = event.content
    fact = replace(
        bare_fact(event, key),
        kind=Kind.NOTICE if known else Kind.PLACEHOLDER,
        label=words.variants.get(as_text(content.get(words.variant)), words.label),
        text=words.text(content),
        payload=words.payload(content),
        reply_to_key=as_id(content.get("mid")),
        details=with_referral(content if event.kind == "referral" else None),
    )
    return replace(fact, direction=Direction.INBOUND, author=Author.SYSTEM) if words.by_system else fact


def _spelled(kind: str) -> str:
    """Write a kind that Meta added after this release as words."""
    return as_text(kind).replace("_", " ").strip()[:_MAX_LABEL] or "unnamed event"
