"""Who a bot is, and whether somebody set a webhook for it: two results as values."""

from dataclasses import dataclass

from onsite.core.errors import TelegramError, TelegramTrouble
from onsite.core.telegram.answers import decode_object_result
from shared.lenient import as_int, as_text


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """A bot as `getMe` tells it."""

    id: int
    """The number before the token's colon; part of the channel's identity."""
    username: str
    """Without the @."""
    name: str


def decode_identity(result: bytes) -> BotIdentity:
    """Read the result of `getMe`. Raises TelegramError."""
    user = decode_object_result(result)
    bot_id = as_int(user.get("id"))
    if bot_id is None:
        raise TelegramError(TelegramTrouble.UNCLEAR, "Telegram's answer does not say which bot this is")
    return BotIdentity(bot_id, as_text(user.get("username")), as_text(user.get("first_name")))


def decode_webhook_url(result: bytes) -> str:
    """Read the result of `getWebhookInfo`: the webhook's address, empty where none is set. Raises TelegramError."""
    return as_text(decode_object_result(result).get("url"))
