"""The simulated Telegram as one object: a Bot API on a real port.

    async with TelegramSimulator() as sim:
        bot = sim.add_bot("123456:…", username="acme_bot"); user = sim.add_user(id=5001, first_name="Ada")
        update_id = await sim.customer_says(bot.token, user.id, "hello")

State outlives `close`: closing and starting again on the same port is an outage of the platform, or a restart of it.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Self

from shared.clock import Clock
from tests.simulators.clock import Sleep
from tests.simulators.exchange import Exchange
from tests.simulators.faults import Fault, Match
from tests.simulators.feed import Feed
from tests.simulators.server import HttpServer
from tests.simulators.telegram import errors
from tests.simulators.telegram.api import BotApi
from tests.simulators.telegram.customers import Customers
from tests.simulators.telegram.inbox import Inbox
from tests.simulators.telegram.update_queue import LIFETIME_S, UpdateQueue, random_first_id
from tests.simulators.telegram.world import TOKEN, Bot, Chat, Message, Shown, User, World

DEADLINE_S = 5.0


class TelegramSimulator:
    """Telegram, as far as this product meets it."""

    def __init__(
        self,
        *,
        clock: Clock = time.time,
        sleep: Sleep = asyncio.sleep,
        first_update_id: Callable[[], int] = random_first_id,
    ) -> None:
        """`clock` tells seconds since 1970, `sleep` times long polls: hand in both of a ManualClock, or neither."""
        self.feed: Feed[Shown] = Feed()
        """Everything that becomes visible in a chat, as it happens."""
        self.world = World(on_shown=self.feed.publish)
        self.customers = Customers(self.world, clock=clock)
        self._clock = clock
        self._sleep = sleep
        self._first_update_id = first_update_id
        self._exchange = Exchange(BotApi(self.world, clock=clock), clock=clock)
        self.ledger, self.faults = self._exchange.ledger, self._exchange.faults
        self._server = HttpServer(self._exchange.application)

    # Life

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises OSError when the port is taken."""
        await self._server.start(host, port)

    async def close(self) -> None:
        """Stop listening; polls that wait are answered with 500 at once. Chats and updates stay."""
        self._exchange.release()
        await self._server.close()
        self.feed.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def url(self) -> str:
        """What stands in for `https://api.telegram.org`."""
        return self._server.url

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.port

    # World

    def add_bot(self, token: str, *, username: str, first_name: str = "") -> Bot:
        """Create a bot. Raises ValueError for a token that cannot be one."""
        shape = TOKEN.fullmatch(token)
        if shape is None:
            raise ValueError("a bot token is 6 to 12 digits, a colon and 35 of A-Z, a-z, 0-9, _ and -")
        queue = UpdateQueue(first_id=self._first_update_id)
        inbox = Inbox(queue, clock=self._clock, sleep=self._sleep, closing=self._exchange.closing)
        bot = Bot(token, User(int(shape["id"]), first_name or username, username=username, is_bot=True), inbox)
        self.world.bots[token] = bot
        return bot

    def add_user(  # the parameter is Telegram's own word
        self,
        *,
        id: int,  # noqa: A002
        first_name: str,
        last_name: str = "",
        username: str = "",
        language_code: str = "en",
    ) -> User:
        """Create a person."""
        user = User(id, first_name, last_name, username, language_code)
        self.world.users[id] = user
        return user

    def add_group(self, token: str, *, chat_id: int, title: str, type: str = "supergroup") -> Chat:  # noqa: A002
        """Create a group or supergroup of which the bot is a member; ids of supergroups start with -100."""
        chat = Chat(chat_id, type, title)
        self.world.bot(token).chats[chat_id] = chat
        return chat

    def revoke_token(self, token: str) -> Bot:
        """Let a token be unknown from now on; its bot is returned, so that a new token may be given to it."""
        return self.world.bots.pop(token)

    def migrate_group(self, token: str, chat_id: int, new_chat_id: int) -> Chat:
        """Turn a group into a supergroup with another id; the old id is refused with the new one."""
        bot = self.world.bot(token)
        bot.chats[chat_id].refusal = errors.migrated(new_chat_id)
        return self.add_group(token, chat_id=new_chat_id, title=bot.chats[chat_id].title)

    def history(self, token: str, chat_id: int) -> list[Message]:
        """Return the messages of a chat as they stand, oldest first."""
        chat = self.world.bot(token).chats.get(chat_id)
        return [] if chat is None else list(chat.messages.values())

    def sent(self, token: str) -> list[Message]:
        """Return what a bot has written and not deleted, chat by chat, oldest first."""
        bot = self.world.bot(token)
        everything = [message for chat in bot.chats.values() for message in chat.messages.values()]
        return [message for message in everything if message["from"]["id"] == bot.id]

    # Updates

    async def customer_says(self, token: str, user_id: int, text: str) -> int | None:
        """Let a person write to a bot; more of what people do is in `customers`."""
        return await self.customers.says(token, user_id, text)

    def push_update(self, token: str, kind: str, payload: dict[str, Any]) -> int | None:
        """Queue any update, also one that makes no sense. Returns its id, or None where the kind is not allowed."""
        return self.world.bot(token).inbox.push(kind, payload, expires_at=self._clock() + LIFETIME_S)

    async def wait_for_poll(self, token: str, timeout_s: float = DEADLINE_S) -> None:
        """Wait until a long poll waits for updates of this bot. Raises TimeoutError."""
        await self.world.bot(token).inbox.wait_for_poll(timeout_s)

    # Faults of Telegram's own kind

    def throttle(self, match: Match = "sendMessage", *, retry_after: int = 5, times: int | None = 1) -> Fault:
        """Answer 429 with `retry_after` seconds, in the body and as a header."""
        answer = errors.too_many_requests(retry_after).answer()
        return self.faults.add(match, status=answer.status, body=answer.body, headers=answer.headers, times=times)
