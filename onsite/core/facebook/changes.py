"""What becomes of a message after it was sent: edited, reacted to, taken back. Each names it by its `mid`.

Messenger tells of edits and reactions, Instagram of messages that were taken back (as a `message` with `is_deleted`).
Source: https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
"""

from dataclasses import replace

from onsite.core.event_key import derived_key
from onsite.core.facebook.event import Event
from onsite.core.facebook.messages import bare_fact, message_key
from onsite.core.model import Change, Kind, MessageFact, Translation
from shared.lenient import as_id, as_text

_EMOJI = {
    "smile": "\N{SMILING FACE WITH OPEN MOUTH}",
    "angry": "\N{ANGRY FACE}",
    "sad": "\N{CRYING FACE}",
    "wow": "\N{FACE WITH OPEN MOUTH}",
    "love": "\N{HEAVY BLACK HEART}",
    "like": "\N{THUMBS UP SIGN}",
    "dislike": "\N{THUMBS DOWN SIGN}",
}
"""What a named reaction looks like where no emoji is told."""


def translate_edit(event: Event) -> Translation:
    """Read a `message_edit`: the whole new text. Raises TranslationError when it names no customer."""
    text = as_text(event.content.get("text"))
    kind = Kind.TEXT if text.strip() else Kind.NOTICE
    return _change(event, Change.EDIT, kind=kind, text=text, label="edited message")


def translate_reaction(event: Event) -> Translation:
    """Read a `reaction`: a person has one for each message. Raises TranslationError when it names no customer."""
    if as_text(event.content.get("action")) == "unreact":
        return _change(event, Change.REACTION, kind=Kind.NOTICE, label="reaction removed")
    named = as_text(event.content.get("reaction"))
    emoji = as_text(event.content.get("emoji")) or _EMOJI.get(named, named)
    return _change(event, Change.REACTION, kind=Kind.NOTICE, text=emoji, label="reaction")


def translate_deletion(event: Event) -> Translation:
    """Read a `message` that is there no more. Raises TranslationError when it names no customer."""
    mid = as_id(event.content.get("mid"))
    key = message_key("d", mid, event)
    return Translation(key, (_about(event, mid, key, Change.DELETION, kind=Kind.NOTICE, label="message deleted"),))


def _change(event: Event, change: Change, *, kind: Kind, text: str = "", label: str) -> Translation:
    key = derived_key(change, event.contact, event.from_page, event.timestamp_ms, event.verbatim)
    mid = as_id(event.content.get("mid"))
    return Translation(key, (_about(event, mid, key, change, kind=kind, text=text, label=label),))


def _about(event: Event, mid: str, key: str, change: Change, *, kind: Kind, text: str = "", label: str) -> MessageFact:
    """Return the change; one that does not tell of which message stands for itself."""
    fact = replace(bare_fact(event, key), kind=kind, text=text, label=label)
    return replace(fact, change=change, about_key=mid) if mid else fact
