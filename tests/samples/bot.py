"""What the Telegram samples are expected to become, in few words: helpers of the translator's tests."""

import json
from typing import Any

from onsite.core.model import Author, Direction, Kind, MessageFact, Person, Translation
from onsite.core.telegram.translate import translate_update
from tests.samples.reading import telegram_sample

SENT_AT_MS = 1_760_000_000_000
RECEIVED_AT_MS = 1_760_000_009_999
ANNA = Person("5001", "Anna Berg", "annab", "de")
ANNA_BY_CHAT = Person("5001", "Anna Berg", "annab")
"""Anna where only the chat tells of her."""
GROUP = "-1001234567890"
CHANNEL = "-1009876543210"


def translate(name: str) -> Translation:
    """Translate a sample."""
    return translate_update(telegram_sample(name), received_at_ms=RECEIVED_AT_MS)


def translate_kind(kind: str, content: Any, update_id: int = 1) -> Translation:
    """Translate an update of one kind."""
    update = json.dumps({"update_id": update_id, kind: content}).encode()
    return translate_update(update, received_at_ms=RECEIVED_AT_MS)


def message(translation: Translation) -> MessageFact:
    """Return the only message among the facts."""
    (fact,) = (fact for fact in translation.facts if isinstance(fact, MessageFact))
    return fact


def said(message_key: str, kind: Kind, **content: Any) -> MessageFact:
    """Return what Anna says to the bot, unless `content` says otherwise."""
    common: dict[str, Any] = {
        "conversation_key": "5001",
        "message_key": message_key,
        "direction": Direction.INBOUND,
        "author": Author.CONTACT,
        "sent_at_ms": SENT_AT_MS,
        "kind": kind,
        "person": ANNA,
    }
    return MessageFact(**(common | content))


def said_by_us(message_key: str, kind: Kind, **content: Any) -> MessageFact:
    """Return what our own side says elsewhere."""
    return said(message_key, kind, **({"direction": Direction.OUTBOUND, "author": Author.ELSEWHERE} | content))
