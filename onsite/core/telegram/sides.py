"""Who wrote a Telegram message: a customer, our own side elsewhere, or a machine. Decided by a few keys of the message.

- A channel's posts are our own side's: only an administrator brings a bot into a channel.
- In a business connection the chat's id is the customer's; whatever comes from another id was written by the owner.
- An anonymous administrator or a channel that writes in a group has `sender_chat`, and a made-up bot in `from`.
- Another bot is neither a customer nor one of us, so nobody is asked to answer it.
"""

from typing import NamedTuple

from onsite.core.model import Author, Direction, Person
from onsite.core.telegram.chat import is_private, person_of
from shared.lenient import JsonObject, as_int, as_object


class Side(NamedTuple):
    """Whose message it is, and which customer it concerns."""

    direction: Direction
    author: Author
    person: Person | None


CHANNEL_KINDS = frozenset({"channel_post", "edited_channel_post"})


def side_of(kind: str, message: JsonObject) -> Side:
    """Say whose message it is. `kind` is the update's."""
    chat, sender = as_object(message.get("chat")), as_object(message.get("from"))
    if kind in CHANNEL_KINDS or message.get("is_automatic_forward") is True:
        return Side(Direction.OUTBOUND, Author.ELSEWHERE, None)
    if "business_connection_id" in message and _is_owner(sender, chat):
        return Side(Direction.OUTBOUND, Author.ELSEWHERE, person_of(chat))
    if sender_chat := as_object(message.get("sender_chat")):
        return Side(Direction.INBOUND, Author.CONTACT, person_of(sender_chat))
    if sender.get("is_bot") is True:
        return Side(Direction.INBOUND, Author.SYSTEM, None)
    person = person_of(sender) or (person_of(chat) if is_private(chat) else None)
    return Side(Direction.INBOUND, Author.CONTACT, person)


def _is_owner(sender: JsonObject, chat: JsonObject) -> bool:
    sender_id = as_int(sender.get("id"))
    return sender_id is not None and sender_id != as_int(chat.get("id"))
