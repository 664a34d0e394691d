"""What a Telegram message says beside its content: formatting, where it comes from, what it answers, its album.

Source: https://core.telegram.org/bots/api#message
"""

from onsite.core.model import NO_DETAILS, Details
from onsite.core.telegram.formatting import read_spans
from shared.lenient import JsonObject, as_id, as_object, as_text


def read_details(message: JsonObject, text: str) -> Details:
    """Read them; `text` is the message's text or caption."""
    details = Details(
        spans=read_spans(text, message.get("entities") or message.get("caption_entities")),
        forwarded_from=_origin(message),
        quote=_quote(message),
        album_key=as_id(message.get("media_group_id")),
    )
    return NO_DETAILS if details == NO_DETAILS else details


def _origin(message: JsonObject) -> str:
    """Return who said it first: the user, the name of one who hides, the chat or the channel."""
    origin = as_object(message.get("forward_origin"))
    if not origin:
        return ""
    hidden = as_text(origin.get("sender_user_name"))
    chat = as_object(origin.get("sender_chat")) or as_object(origin.get("chat"))
    named = hidden or _name(as_object(origin.get("sender_user"))) or _name(chat)
    signature = as_text(origin.get("author_signature"))
    return f"{named} ({signature})" if named and signature else named or signature or "somebody"


def _name(party: JsonObject) -> str:
    names = (as_text(party.get(key)) for key in ("first_name", "last_name", "title"))
    return " ".join(filter(None, names)) or as_text(party.get("username"))


def _quote(message: JsonObject) -> str:
    """Return what it quotes; or a word where it answers something that is not in this chat."""
    if quoted := as_text(as_object(message.get("quote")).get("text")):
        return quoted
    if "reply_to_story" in message:
        return "(a story)"
    return "(a message of another chat)" if "external_reply" in message else ""
