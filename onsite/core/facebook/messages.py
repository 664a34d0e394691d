"""Messages, echoes and postbacks: what a person wrote or pressed, on either side.

An echo tells of a message that the page's side sent: by us, by another app, or in the page's own inbox. Which of
these it was is for the store to say, as only the store knows what we sent; here it is ELSEWHERE, with our own id if
it carries one.
"""

from dataclasses import replace

from onsite.core.errors import TranslationError
from onsite.core.event_key import derived_key
from onsite.core.facebook.attachments import read_attachments, read_story
from onsite.core.facebook.event import Event
from onsite.core.facebook.metadata import correlation_in
from onsite.core.facebook.referrals import with_referral
from onsite.core.model import Kind, MessageFact, Person, Translation
from shared.lenient import as_id, as_object, as_text


def translate_message(event: Event) -> Translation:
    """Read a `message`. Raises TranslationError when it names no customer, as it would be shown nowhere."""
    mid = as_id(event.content.get("mid"))
    key = message_key("e" if event.from_page else "m", mid, event)
    fact = bare_fact(event, mid or key)
    if event.content.get("is_unsupported") is True:
        return Translation(key, (replace(fact, label="unsupported message"),))
    return Translation(key, (_with_content(fact, event),))


def translate_postback(event: Event) -> Translation:
    """Read a `postback`; one that came through standby has no payload. Raises TranslationError like a message."""
    mid, title = as_id(event.content.get("mid")), as_text(event.content.get("title"))
    key = f"p:{mid}" if mid else _postback_key(event, title)
    fact = replace(
        bare_fact(event, mid or key),
        kind=Kind.POSTBACK,
        text=title,
        payload=as_text(event.content.get("payload")),
        label="" if title else "button pressed",
        details=with_referral(event.content.get("referral")),
    )
    return Translation(key, (fact,))


def bare_fact(event: Event, message_key: str) -> MessageFact:
    """Return a fact that says who and when, still without content. Raises TranslationError without a customer."""
    if not event.contact:
        raise TranslationError(f"the event's {event.kind} names no customer")
    return MessageFact(
        conversation_key=event.contact,
        message_key=message_key,
        direction=event.direction,
        author=event.author,
        sent_at_ms=event.happened_at_ms,
        kind=Kind.PLACEHOLDER,
        person=Person(event.contact),
    )


def _with_content(fact: MessageFact, event: Event) -> MessageFact:
    content = event.content
    reply_to = as_object(content.get("reply_to"))
    text = as_text(content.get("text"))
    attachments = (*read_story(reply_to.get("story")), *read_attachments(content.get("attachments")))
    kind = Kind.MEDIA if attachments else Kind.TEXT if text.strip() else Kind.PLACEHOLDER
    return replace(
        fact,
        kind=kind,
        text=text,
        payload=as_text(as_object(content.get("quick_reply")).get("payload")),
        label="message without content" if kind is Kind.PLACEHOLDER else "",
        attachments=attachments,
        reply_to_key=as_id(reply_to.get("mid")),
        correlation=correlation_in(content.get("metadata")) if event.from_page else "",
        details=with_referral(content.get("referral")),
    )


def message_key(letter: str, mid: str, event: Event) -> str:
    """Return a letter with the mid, such as `m:` (message) or `e:` (echo): one mid may stand for one event of each."""
    if mid:
        return f"{letter}:{mid}"
    return derived_key("message", letter, event.contact, event.timestamp_ms, event.content)


def _postback_key(event: Event, title: str) -> str:
    if event.timestamp_ms is None:
        return derived_key("postback", event.contact, event.content)
    # Without the payload, as the copy of the same event that comes through standby has none.
    return derived_key("postback", event.contact, event.timestamp_ms, title)
