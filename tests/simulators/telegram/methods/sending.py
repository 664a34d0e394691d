"""sendMessage and sendChatAction.

https://core.telegram.org/bots/api#sendmessage
"""

from typing import Any

from tests.simulators.telegram.arguments import Arguments
from tests.simulators.telegram.errors import bad_request
from tests.simulators.telegram.keyboards import read_markup, visible_markup
from tests.simulators.telegram.markup import Formatted, with_entities, with_parse_mode
from tests.simulators.telegram.methods.call import MethodCall, method
from tests.simulators.telegram.world import Chat, Message
from tests.simulators.text_length import utf16_length

MAX_TEXT = 4096
"""After the markup is taken out, counted in UTF-16 units: the strictest reading of "characters"."""

CHAT_ACTIONS = frozenset(
    {
        "choose_sticker",
        "find_location",
        "record_video",
        "record_video_note",
        "record_voice",
        "typing",
        "upload_document",
        "upload_photo",
        "upload_video",
        "upload_video_note",
        "upload_voice",
    }
)
COMMON_PARAMETERS = (
    "allow_paid_broadcast",
    "allow_sending_without_reply",
    "business_connection_id",
    "chat_id",
    "direct_messages_topic_id",
    "disable_notification",
    "message_effect_id",
    "message_thread_id",
    "protect_content",
    "reply_markup",
    "reply_parameters",
    "reply_to_message_id",
)
TEXT_PARAMETERS = ("disable_web_page_preview", "entities", "link_preview_options", "parse_mode", "text")


async def send_message(call: MethodCall) -> Message:
    """Send a text and answer with the message. Raises BotApiError."""
    formatted = read_text(call)
    chat = call.writable_chat()
    markup = read_markup(call.arguments)
    content = _reply(call, chat) | formatted.content() | visible_markup(markup)
    message = chat.add(call.bot.account, call.now, **content)
    call.world.show(call.bot, chat.id, "message", message | {"reply_markup": markup} if markup else message)
    return message


async def send_chat_action(call: MethodCall) -> bool:
    """Show that the bot is busy. Raises BotApiError."""
    action = call.arguments.text("action").lower()
    if action not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = call.writable_chat()
    call.world.show(call.bot, chat.id, "action", {"action": action})
    return True


def read_text(call: MethodCall) -> Formatted:
    """Read the text of a call with its markup. Raises BotApiError 400 when it is empty, too long or broken."""
    text = call.arguments.text("text")
    if not text.strip():
        raise bad_request("message text is empty")
    formatted = _formatted(call, text)
    if not formatted.text.strip():
        raise bad_request("message text is empty")
    if utf16_length(formatted.text) > MAX_TEXT:
        raise bad_request("message is too long")
    return formatted


def _formatted(call: MethodCall, text: str) -> Formatted:
    parse_mode = call.arguments.text("parse_mode")
    try:
        entities = call.arguments.document("entities")
    except ValueError:
        entities = None  # the server passes over a list that it cannot read
    if not parse_mode and isinstance(entities, list) and entities:
        return with_entities(text, entities)
    return with_parse_mode(text.strip() if not parse_mode else text, parse_mode)


def _reply(call: MethodCall, chat: Chat) -> dict[str, Any]:
    """Return the message that is replied to, one level deep."""
    parameters = _reply_parameters(call)
    message_id = parameters.integer("message_id") or call.arguments.integer("reply_to_message_id")
    if not message_id:
        return {}
    original = chat.quoted(message_id)
    if original is not None:
        return {"reply_to_message": original}
    if parameters.flag("allow_sending_without_reply") or call.arguments.flag("allow_sending_without_reply"):
        return {}
    raise bad_request("message to be replied not found")


def _reply_parameters(call: MethodCall) -> Arguments:
    try:
        parameters = call.arguments.document("reply_parameters") or {}
    except ValueError:
        raise bad_request("can't parse reply parameters JSON object") from None
    if not isinstance(parameters, dict):
        raise bad_request("object expected as reply parameters")
    return Arguments(parameters)


METHODS = (
    method("sendMessage", send_message, *COMMON_PARAMETERS, *TEXT_PARAMETERS),
    method("sendChatAction", send_chat_action, "action", "business_connection_id", "chat_id", "message_thread_id"),
)
