"""What we ask of Telegram's Bot API: addresses and parameters as values. Not the answers, no HTTP.

The token is part of every address, so an address never appears in a log or an error.
Source: https://core.telegram.org/bots/api#making-requests
"""

import json
import re

from pydantic import SecretStr

from onsite.core.errors import TelegramError, TelegramTrouble
from onsite.core.sending import Refused
from onsite.core.telegram.chat import address_of
from onsite.core.text_limit import text_problem
from shared.lenient import JsonObject, as_int

TELEGRAM_URL = "https://api.telegram.org"

MAX_TEXT = 4096
"""Characters of a text after its entities are parsed. Telegram counts entities in UTF-16 units and leaves open how it
counts the text itself; so UTF-16 units are counted, of which a text has the most."""

MAX_POLL_S = 50
"""The server answers a longer poll after this time all the same."""
MAX_UPDATES = 100
"""As many as one `getUpdates` returns."""

ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction",
    "callback_query",
    "my_chat_member",
)
"""What concerns conversations. Named in full, as Telegram otherwise keeps what another program last asked for, and
leaves reactions out by default."""

_TOKEN = re.compile(r"(?=.{1,80}$)[1-9][0-9]{0,16}:[A-Za-z0-9_-]+")
"""What the server takes for a token: https://github.com/tdlib/telegram-bot-api (ClientManager.cpp)."""


def refusal_of_text(text: str) -> Refused | None:
    """Say why `text` cannot go to Telegram, or None; to be asked before anything is sent."""
    return text_problem(text, platform="Telegram", limit=MAX_TEXT)


def is_token(token: SecretStr) -> bool:
    """Whether `token` can be a bot's token, so that its place in an address is safe."""
    return _TOKEN.fullmatch(token.get_secret_value()) is not None


def method_url(base_url: str, token: SecretStr, method: str) -> str:
    """Return the address of a method; it holds the token. Raises TelegramError for what cannot be a token."""
    if not is_token(token):
        raise TelegramError(TelegramTrouble.TOKEN, "this is no bot token: one has the form 123456789:AbC…")
    return f"{base_url.rstrip('/')}/bot{token.get_secret_value()}/{method}"


def get_updates_body(*, offset: int | None, timeout_s: int, limit: int) -> bytes:
    """Return the parameters of a poll.

    `offset` is the last update's number + 1 and confirms everything before it; None confirms nothing. `timeout_s` is
    0 to 50, `limit` 1 to 100.
    """
    parameters: JsonObject = {"timeout": timeout_s, "limit": limit, "allowed_updates": ALLOWED_UPDATES}
    if offset is not None:
        parameters["offset"] = offset
    return encode(parameters)


def send_message_body(*, chat_id: str, text: str, reply_to: str = "") -> bytes:
    """Return the parameters that send `text` as it is, without markup.

    `chat_id` is a conversation's key; `reply_to` a message's id there, which may be gone by now.
    """
    address = address_of(chat_id)
    parameters: JsonObject = {"chat_id": address.chat_id, "text": text}
    if address.business_connection_id:
        parameters["business_connection_id"] = address.business_connection_id
    reply_to_id = as_int(reply_to)
    if reply_to_id is not None:
        parameters["reply_parameters"] = {"message_id": reply_to_id, "allow_sending_without_reply": True}
    return encode(parameters)


def encode(parameters: JsonObject) -> bytes:
    """Write parameters as JSON; any text can be written, even half an emoji."""
    return json.dumps(parameters).encode("ascii")
