"""Messages in all their kinds: new or edited, in chats, channels and business connections.

An edit tells the whole message anew. It is a fact of its own that names the message it changes: what the operator has
already read stays readable.
"""

from dataclasses import replace

from onsite.core.errors import TranslationError
from onsite.core.event_key import derived_key
from onsite.core.model import Author, Change, Kind, MessageFact, MoveFact, Translation
from onsite.core.telegram.attachments import read_attachments
from onsite.core.telegram.chat import title_of
from onsite.core.telegram.contents import name_content
from onsite.core.telegram.details import read_details
from onsite.core.telegram.sides import side_of
from onsite.core.telegram.update import Update
from shared.lenient import JsonObject, as_epoch_ms, as_int, as_object, as_text

_DIGEST_CHARS = 16


def translate_message(update: Update) -> Translation:
    """Read a new message. Raises TranslationError when it names no chat, as it would be shown nowhere."""
    message_id = _message_id(update.content)
    if message_id:
        key = f"m:{_conversation(update)}:{message_id}"
    else:
        key = derived_key("message", update.kind, update.content)
    return Translation(key, (message_fact(update, message_id or key), *_move(update)))


def _move(update: Update) -> tuple[MoveFact, ...]:
    """Read that a group became a supergroup, which both of its chats tell; its messages are numbered anew there."""
    here = _conversation(update)
    if (to := as_int(update.content.get("migrate_to_chat_id"))) is not None:
        return (MoveFact(here, str(to)),)
    if (origin := as_int(update.content.get("migrate_from_chat_id"))) is not None:
        return (MoveFact(str(origin), here),)
    return ()


def translate_edit(update: Update) -> Translation:
    """Read an edited message. Raises TranslationError when it names no chat."""
    message_id, edited_at_ms = _message_id(update.content), as_epoch_ms(update.content.get("edit_date"))
    # `edit_date` has a resolution of one second, in which a message may well be edited twice.
    digest = derived_key("edit", update.content).partition(":")[2][:_DIGEST_CHARS]
    key = f"e:{_conversation(update)}:{message_id}:{(edited_at_ms or 0) // 1000}:{digest}"
    fact = message_fact(update, key)
    label = fact.label or "edited message"
    fact = replace(fact, label=label, sent_at_ms=edited_at_ms or fact.sent_at_ms)
    if message_id:
        fact = replace(fact, change=Change.EDIT, about_key=message_id)
    return Translation(key, (fact,))


def message_fact(update: Update, message_key: str) -> MessageFact:
    """Return what a message says. Raises TranslationError when it names no chat."""
    message = update.content
    side = side_of(update.kind, message)
    fact = MessageFact(
        conversation_key=_conversation(update),
        message_key=message_key,
        direction=side.direction,
        author=side.author,
        sent_at_ms=update.happened_at_ms,
        kind=Kind.PLACEHOLDER,
        person=side.person,
        conversation_title=title_of(as_object(message.get("chat"))),
        reply_to_key=_message_id(as_object(message.get("reply_to_message"))),
    )
    return _with_content(fact, message)


def _with_content(fact: MessageFact, message: JsonObject) -> MessageFact:
    text = as_text(message.get("text")) or as_text(message.get("caption"))
    fact = replace(fact, details=read_details(message, text))
    attachments = read_attachments(message)
    if attachments:
        return replace(fact, kind=Kind.MEDIA, text=text, attachments=attachments)
    if text.strip():
        return replace(fact, kind=Kind.TEXT, text=text)
    named = name_content(message)
    if named.by_system:
        return replace(fact, kind=Kind.NOTICE, label=named.label, text=named.text, author=Author.SYSTEM)
    return replace(fact, label=named.label, text=named.text)


def _conversation(update: Update) -> str:
    if not update.conversation:
        raise TranslationError(f"the update's {update.kind} names no chat")
    return update.conversation


def _message_id(message: JsonObject) -> str:
    """Return a message's id within its chat, or an empty text; 0 is no id but marks a scheduled message."""
    message_id = as_int(message.get("message_id"))
    return str(message_id) if message_id else ""
