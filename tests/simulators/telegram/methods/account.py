"""getMe, getChat: who the bot is, and whom it talks to."""

from typing import Any

from tests.simulators.telegram.methods.call import MethodCall, method

GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), True
)


async def get_me(call: MethodCall) -> dict[str, Any]:
    """Answer with the bot's own account."""
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
    return call.bot.account.as_user() | abilities


async def get_chat(call: MethodCall) -> dict[str, Any]:
    """Answer with what is known of a chat (ChatFullInfo)."""
    return call.chat().as_chat() | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": GIFTS}


METHODS = (method("getMe", get_me), method("getChat", get_chat, "chat_id"))
