"""Which conversation a chat is, and how to write into it again. Also who a user is.

A business connection lets a bot work in somebody's own chats. Such a chat has the same id as the bot's own chat with
that customer but is another conversation, so the connection is part of its key: `<chat id>@<connection id>`.
Source: https://core.telegram.org/bots/api#chat
"""

from typing import NamedTuple

from onsite.core.model import Person
from shared.lenient import JsonObject, as_id, as_int, as_object, as_text


class Address(NamedTuple):
    """Where to send what belongs to a conversation."""

    chat_id: str
    business_connection_id: str = ""


def conversation_key(message: JsonObject) -> str:
    """Return the conversation of anything that has a `chat`, or an empty text where no chat is told."""
    chat_id = as_int(as_object(message.get("chat")).get("id"))
    if chat_id is None:
        return ""
    connection = as_id(message.get("business_connection_id"))
    return f"{chat_id}@{connection}" if connection else str(chat_id)


def address_of(key: str) -> Address:
    """Return the address behind a conversation's key."""
    chat_id, _, connection = key.partition("@")
    return Address(chat_id, connection)


def title_of(chat: JsonObject) -> str:
    """Return a group's or channel's name; a private chat has none."""
    return as_text(chat.get("title"))


def is_private(chat: JsonObject) -> bool:
    """Whether the chat is one with a single person."""
    return chat.get("type") == "private"


def person_of(user: JsonObject) -> Person | None:
    """Return the person behind a user, or behind a chat that stands for one; None where it has no id."""
    user_id = as_int(user.get("id"))
    if user_id is None:
        return None
    names = (as_text(user.get(key)) for key in ("first_name", "last_name", "title"))
    return Person(
        key=str(user_id),
        name=" ".join(filter(None, names)),
        username=as_text(user.get("username")),
        language=as_text(user.get("language_code")),
    )
