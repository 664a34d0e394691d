"""One call of a method, and the chat that it is about."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.simulators.telegram.arguments import Arguments
from tests.simulators.telegram.errors import bad_request, forbidden
from tests.simulators.telegram.world import Bot, Chat, World


@dataclass(frozen=True, slots=True)
class MethodCall:
    """What a method needs to be carried out."""

    world: World
    bot: Bot
    arguments: Arguments
    now: float

    def chat(self) -> Chat:
        """Return the chat that `chat_id` names. Raises BotApiError 400 or 403 for one that the bot does not know."""
        if not self.arguments.text("chat_id"):
            raise bad_request("chat_id is empty")
        chat_id = self.arguments.integer("chat_id")
        if chat_id in self.bot.chats:
            return self.bot.chats[chat_id]
        if chat_id in self.world.users:
            raise forbidden("bot can't initiate conversation with a user")
        raise bad_request("chat not found")

    def writable_chat(self) -> Chat:
        """Return the chat where the bot may write there. Raises BotApiError."""
        chat = self.chat()
        if chat.refusal is not None:
            raise chat.refusal
        return chat


Handler = Callable[[MethodCall], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the Bot API as the simulator knows it."""

    name: str
    handler: Handler
    parameters: frozenset[str]
    """Names that the platform reads; it passes over all others in silence."""


def method(name: str, handler: Handler, *parameters: str) -> Method:
    """Describe a method."""
    return Method(name, handler, frozenset(parameters))
