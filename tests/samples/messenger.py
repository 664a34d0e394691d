"""What the Messenger samples are expected to become, in few words: helpers of the translator's tests."""

import json
from typing import Any

from onsite.core.facebook.translate import translate_item
from onsite.core.model import Author, Direction, Kind, MessageFact, Person, Translation
from tests.samples.reading import FACEBOOK_CUSTOMER as CUSTOMER
from tests.samples.reading import FACEBOOK_PAGE as PAGE
from tests.samples.reading import facebook_sample

SENT_AT_MS = 1_760_000_000_123
RECEIVED_AT_MS = 1_760_000_009_999


def translate(name: str) -> Translation:
    """Translate a sample."""
    kind = name.partition("/")[0]
    return translate_item(kind, PAGE, facebook_sample(name), received_at_ms=RECEIVED_AT_MS)


def translate_event(**event: Any) -> Translation:
    """Translate an event from the customer to the page, changed by `event`."""
    whole = {"sender": {"id": CUSTOMER}, "recipient": {"id": PAGE}, "timestamp": SENT_AT_MS} | event
    return translate_item("messaging", PAGE, json.dumps(whole).encode(), received_at_ms=RECEIVED_AT_MS)


def message(translation: Translation) -> MessageFact:
    """Return the only fact, which is a message."""
    (fact,) = translation.facts
    assert isinstance(fact, MessageFact)
    return fact


def inbound(message_key: str, kind: Kind, **content: Any) -> MessageFact:
    """Return what the customer says, unless `content` says otherwise."""
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
    """Return what the page's side says."""
    return inbound(message_key, kind, direction=Direction.OUTBOUND, author=Author.ELSEWHERE, **content)
