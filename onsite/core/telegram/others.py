"""Updates that are no messages: a pressed button, a reaction, a deletion, a blocked bot, and whatever Telegram adds.

Each becomes a fact of the conversation it concerns; one that tells no chat (`inline_query`, `poll_answer`) states none.
"""

from dataclasses import replace

from onsite.core.event_key import derived_key
from onsite.core.model import Author, Change, Direction, Kind, MessageFact, ReachFact, Translation
from onsite.core.telegram.chat import conversation_key, is_private, person_of, title_of
from onsite.core.telegram.contents import in_words
from onsite.core.telegram.update import Update
from shared.lenient import JsonObject, as_id, as_int, as_list, as_object, as_text

_OTHER_REACTIONS = {"custom_emoji": "(an emoji of their own)", "paid": "\N{WHITE MEDIUM STAR}"}
"""Reactions that are no plain emoji, by their type."""

_MEMBERSHIP = {
    ("private", "kicked"): "this person blocked the bot",
    ("private", "member"): "this person unblocked the bot",
    ("group", "kicked"): "the bot was removed",
    ("group", "left"): "the bot was removed",
    ("group", "member"): "the bot is a member now",
    ("group", "administrator"): "the bot is an administrator now",
    ("group", "restricted"): "the bot is a member with restricted rights now",
}


_OUTSIDE = frozenset({"kicked", "left"})
"""Statuses in which the bot can say nothing in the chat. https://core.telegram.org/bots/api#chatmember"""


def translate_callback(update: Update) -> Translation:
    """Read a `callback_query`: a button below a message of ours. One below an inline message tells no chat."""
    query = update.content
    query_id = as_id(query.get("id"))
    key = f"c:{query_id}" if query_id else _key(update)
    message = as_object(query.get("message"))
    fact = _bare_fact(update, message, key)
    if fact is None:
        return Translation(key, ())
    data = as_text(query.get("data")) or as_text(query.get("game_short_name"))
    title = _button_title(message, data)
    return _one(
        key,
        replace(
            fact,
            author=Author.CONTACT,
            kind=Kind.POSTBACK,
            text=title,
            payload=data,
            label="" if title else "button pressed",
        ),
    )


def translate_reaction(update: Update) -> Translation:
    """Read a `message_reaction`; its text is the emoji that are there now."""
    key = _key(update)
    fact = _bare_fact(update, update.content, key)
    if fact is None:
        return Translation(key, ())
    now = [as_object(reaction) for reaction in as_list(update.content.get("new_reaction"))]
    emoji = "".join(
        as_text(reaction.get("emoji")) or _OTHER_REACTIONS.get(as_text(reaction.get("type")), "") for reaction in now
    )
    label = "reaction" if now else "reaction removed"
    fact = replace(fact, author=Author.CONTACT, kind=Kind.NOTICE, label=label, text=emoji, reply_to_key="")
    message_id = _message_id(update.content)
    return _one(key, replace(fact, change=Change.REACTION, about_key=message_id) if message_id else fact)


def translate_deletion(update: Update) -> Translation:
    """Read a `deleted_business_messages`, which names up to 100 messages of one chat, of either side."""
    key = _key(update)
    fact = _bare_fact(update, update.content, key)
    gone = [str(each) for each in map(as_int, as_list(update.content.get("message_ids"))) if each]
    if fact is None:
        return Translation(key, ())
    deleted = replace(fact, kind=Kind.NOTICE, label="message deleted", change=Change.DELETION)
    return Translation(
        key,
        tuple(replace(deleted, message_key=f"{key}:{each}", about_key=each) for each in dict.fromkeys(gone)),
    )


def translate_membership(update: Update) -> Translation:
    """Read a `my_chat_member`: what became of the bot in a chat."""
    key = _key(update)
    fact = _bare_fact(update, update.content, key)
    if fact is None:
        return Translation(key, ())
    where = "private" if is_private(as_object(update.content.get("chat"))) else "group"
    status = as_text(as_object(update.content.get("new_chat_member")).get("status"))
    label = _MEMBERSHIP.get((where, status), "the bot's membership changed")
    reach = ReachFact(fact.conversation_key, status not in _OUTSIDE, fact.sent_at_ms)
    return Translation(key, (replace(fact, kind=Kind.NOTICE, label=label), reach))


def translate_other(update: Update) -> Translation:
    """Read an update of any kind that has no translator of its own."""
    key = _key(update)
    told = next((part for part in (update.content, as_object(update.content.get("message"))) if "chat" in part), {})
    fact = _bare_fact(update, told, key)
    return Translation(key, ()) if fact is None else _one(key, replace(fact, label=in_words(update.kind)))


def _one(key: str, fact: MessageFact) -> Translation:
    return Translation(key, (fact,))


def _bare_fact(update: Update, told: JsonObject, key: str) -> MessageFact | None:
    """Return a fact of the chat in `told` that says who and when; None where there is no chat."""
    conversation = conversation_key(told)
    if not conversation:
        return None
    chat, content = as_object(told.get("chat")), update.content
    actor = next((part for name in ("from", "user", "actor_chat") if (part := as_object(content.get(name)))), {})
    return MessageFact(
        conversation_key=conversation,
        message_key=key,
        direction=Direction.INBOUND,
        author=Author.SYSTEM,
        sent_at_ms=update.happened_at_ms,
        kind=Kind.PLACEHOLDER,
        person=person_of(actor) or (person_of(chat) if is_private(chat) else None),
        conversation_title=title_of(chat),
        reply_to_key=_message_id(told),
    )


def _message_id(told: JsonObject) -> str:
    message_id = as_int(told.get("message_id"))
    return str(message_id) if message_id else ""


def _key(update: Update) -> str:
    """Derive a key; what tells no moment needs the update's number, as the same may well happen twice."""
    number = None if "date" in update.content else update.update_id
    return derived_key("other", update.kind, number, update.verbatim)


def _button_title(message: JsonObject, data: str) -> str:
    """Return the text on the button that carries `data`, which the query itself does not tell."""
    rows = as_list(as_object(message.get("reply_markup")).get("inline_keyboard"))
    buttons = [as_object(button) for row in rows for button in as_list(row)]
    return next((as_text(button.get("text")) for button in buttons if button.get("callback_data") == data), "")
