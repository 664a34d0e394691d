"""editMessageText and deleteMessage.

https://core.telegram.org/bots/api#updating-messages
"""

from tests.simulators.telegram.errors import bad_request
from tests.simulators.telegram.keyboards import read_markup, visible_markup
from tests.simulators.telegram.methods.call import MethodCall, method
from tests.simulators.telegram.methods.sending import TEXT_PARAMETERS, read_text
from tests.simulators.telegram.world import Message

DELETABLE_FOR_S = 48 * 3600
SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content"
    " and reply markup of the message"
)


async def edit_message_text(call: MethodCall) -> Message:
    """Change a message of the bot's own. Raises BotApiError."""
    formatted = read_text(call)
    chat = call.writable_chat()
    message = chat.messages.get(call.arguments.integer("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if message["from"]["id"] != call.bot.id or "text" not in message:
        raise bad_request("message can't be edited")
    changed = formatted.content() | visible_markup(read_markup(call.arguments))
    if changed == {name: message[name] for name in ("text", "entities", "reply_markup") if name in message}:
        raise bad_request(SAME)
    kept = {name: value for name, value in message.items() if name not in {"entities", "reply_markup"}}
    edited = kept | changed | {"edit_date": int(call.now)}
    chat.messages[message["message_id"]] = edited
    call.world.show(call.bot, chat.id, "edited", edited)
    return edited


async def delete_message(call: MethodCall) -> bool:
    """Delete a message that is younger than 48 hours. Raises BotApiError."""
    chat = call.chat()
    message = chat.messages.get(call.arguments.integer("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if call.now - message["date"] >= DELETABLE_FOR_S:
        raise bad_request("message can't be deleted")
    del chat.messages[message["message_id"]]
    call.world.show(call.bot, chat.id, "deleted", message)
    return True


METHODS = (
    method(
        "editMessageText",
        edit_message_text,
        "business_connection_id",
        "chat_id",
        "inline_message_id",
        "message_id",
        "reply_markup",
        *TEXT_PARAMETERS,
    ),
    method("deleteMessage", delete_message, "chat_id", "message_id"),
)
