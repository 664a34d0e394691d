"""Which kinds of updates exist, and which of them a bot gets. Pure.

https://core.telegram.org/bots/api#update (Bot API 10.3)
"""

import json
from typing import Any

KINDS = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "guest_message",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "subscription",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "managed_bot",
    "stopped_message_generation",
)
ONLY_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
DEFAULT_KINDS = frozenset(KINDS) - ONLY_ON_REQUEST


def read_allowed(value: Any) -> frozenset[str] | None:
    """Read `allowed_updates`: a list, or its JSON text. None keeps what was set before; an empty list is the default.

    Names that do not exist are passed over, as the server does.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return None
    return frozenset(name.lower() for name in value) & frozenset(KINDS) or DEFAULT_KINDS
