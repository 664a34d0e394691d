"""What people on Telegram do: write, send, edit, press buttons, block. Each act becomes one update of a bot.

Every function returns the update's id, or None when the bot has not allowed that kind. Acting in a private chat
opens it: from then on the bot may write there.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from shared.clock import Clock
from tests.simulators.telegram.errors import forbidden
from tests.simulators.telegram.markup import plain
from tests.simulators.telegram.update_queue import LIFETIME_S
from tests.simulators.telegram.world import Bot, Chat, Message, User, World

BLOCKED = "bot was blocked by the user"


class Customers:
    """Acts on behalf of the users of a world."""

    def __init__(self, world: World, *, clock: Clock) -> None:
        self._world = world
        self._clock = clock

    async def says(
        self, token: str, user_id: int, text: str, *, chat_id: int | None = None, reply_to: int | None = None
    ) -> int | None:
        """Write a text, in the private chat or in a group; `reply_to` is a message's id."""
        bot, user, chat = self._find(token, user_id, chat_id)
        content = plain(text).content()
        if reply_to is not None:
            content["reply_to_message"] = chat.quoted(reply_to)
        return self._send(bot, user, chat, content)

    async def starts(self, token: str, user_id: int, payload: str = "") -> int | None:
        """Press Start, perhaps through a deep link with a payload."""
        return await self.says(token, user_id, f"/start {payload}".strip())

    async def sends(
        self,
        token: str,
        user_id: int,
        content: Mapping[str, Any],
        *,
        caption: str = "",
        chat_id: int | None = None,
        **more: Any,
    ) -> int | None:
        """Send no text but `content`, as `attachments` makes it; `more` are further keys of the message."""
        bot, user, chat = self._find(token, user_id, chat_id)
        return self._send(bot, user, chat, {**content, **({"caption": caption} if caption else {}), **more})

    async def edits(self, token: str, user_id: int, message_id: int, text: str) -> int | None:
        """Change an earlier text of their own."""
        bot, _, chat = self._find(token, user_id, None)
        now = self._clock()
        kept = {name: value for name, value in chat.messages[message_id].items() if name != "entities"}
        edited = kept | plain(text).content() | {"edit_date": int(now)}
        chat.messages[message_id] = edited
        self._world.show(bot, chat.id, "edited", edited)
        return bot.inbox.push("edited_message", edited, expires_at=int(now) + LIFETIME_S)

    async def presses(self, token: str, user_id: int, message_id: int, data: str) -> int | None:
        """Press a button below a message of the bot's."""
        bot, user, chat = self._find(token, user_id, None)
        query_id = str(secrets.randbelow(2**62))
        query = {
            "id": query_id,
            "from": user.as_user(),
            "message": chat.messages[message_id],
            "chat_instance": str(abs(chat.id) * 7919),
            "data": data,
        }
        bot.queries[query_id] = self._clock()
        return self._push(bot, "callback_query", query)

    async def reacts(self, token: str, user_id: int, message_id: int, emoji: str) -> int | None:
        """React to a message; an empty emoji takes the reaction back. Bots get it only when they ask for it."""
        bot, user, chat = self._find(token, user_id, None)
        reaction = {
            "chat": chat.as_chat(),
            "message_id": message_id,
            "user": user.as_user(),
            "date": int(self._clock()),
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": emoji}] if emoji else [],
        }
        return self._push(bot, "message_reaction", reaction)

    async def blocks(self, token: str, user_id: int) -> int | None:
        """Stop the bot: it cannot write any more."""
        bot, user, chat = self._find(token, user_id, None)
        chat.refusal = forbidden(BLOCKED)
        return self._push(bot, "my_chat_member", self._membership(bot, user, chat, "member", "kicked"))

    async def unblocks(self, token: str, user_id: int) -> int | None:
        """Let the bot write again."""
        bot, user, chat = self._find(token, user_id, None)
        chat.refusal = None
        return self._push(bot, "my_chat_member", self._membership(bot, user, chat, "kicked", "member"))

    def _send(self, bot: Bot, user: User, chat: Chat, content: Mapping[str, Any]) -> int | None:
        message: Message = chat.add(user, self._clock(), **content)
        self._world.show(bot, chat.id, "message", message)
        return bot.inbox.push("message", message, expires_at=message["date"] + LIFETIME_S)

    def _push(self, bot: Bot, kind: str, payload: dict[str, Any]) -> int | None:
        return bot.inbox.push(kind, payload, expires_at=self._clock() + LIFETIME_S)

    def _membership(self, bot: Bot, user: User, chat: Chat, before: str, after: str) -> dict[str, Any]:
        return {
            "chat": chat.as_chat(),
            "from": user.as_user(),
            "date": int(self._clock()),
            "old_chat_member": _member(bot, before),
            "new_chat_member": _member(bot, after),
        }

    def _find(self, token: str, user_id: int, chat_id: int | None) -> tuple[Bot, User, Chat]:
        bot, user = self._world.bot(token), self._world.user(user_id)
        if chat_id is None or chat_id == user_id:
            return bot, user, self._world.private_chat(bot, user)
        return bot, user, bot.chats[chat_id]


def _member(bot: Bot, status: str) -> dict[str, Any]:
    member = {"user": bot.account.as_user(), "status": status}
    return member | {"until_date": 0} if status == "kicked" else member
