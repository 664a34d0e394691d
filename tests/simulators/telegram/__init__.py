"""The simulated Bot API (https://core.telegram.org/bots/api, 10.3).

    simulator      the façade: what tests hold in their hands
    customers      what people do, as updates; attachments: what they send
    api            addresses and tokens
    methods/       the methods, a noun a file
    inbox          long polling and its conflicts
    update_queue, update_kinds, markup, keyboards, errors      rules, pure
    world          bots, users, chats, files

Not simulated: posting to webhooks, parse modes MarkdownV2 and Markdown, sending of media, flood limits by themselves,
the privacy mode of groups.
"""

from tests.simulators.telegram.errors import BotApiError
from tests.simulators.telegram.simulator import TelegramSimulator
from tests.simulators.telegram.world import Bot, Chat, Shown, User

__all__ = ["Bot", "BotApiError", "Chat", "Shown", "TelegramSimulator", "User"]
