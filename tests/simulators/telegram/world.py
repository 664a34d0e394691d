"""Bots, users, chats, messages and files: the state of the simulated Telegram. No HTTP, no rules of methods."""

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.telegram.errors import BotApiError
from tests.simulators.telegram.inbox import Inbox

TOKEN = re.compile(r"(?P<id>[1-9][0-9]{5,11}):[A-Za-z0-9_-]{35}")
"""What a real token looks like."""

Message = dict[str, Any]
"""A message in the Bot API's own shape."""


@dataclass(frozen=True, slots=True)
class User:
    """A person, or a bot as others see it."""

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = "en"
    is_bot: bool = False

    def as_user(self) -> dict[str, Any]:
        """Write it as the Bot API's User."""
        optional = {"last_name": self.last_name, "username": self.username}
        if not self.is_bot:
            optional["language_code"] = self.language_code
        told = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        return told | {name: value for name, value in optional.items() if value}


@dataclass(slots=True, eq=False)
class Chat:
    """A chat as one bot knows it; ids of messages count per chat."""

    id: int
    type: str = "private"
    title: str = ""
    user: User | None = None
    """The other side of a private chat."""
    refusal: BotApiError | None = None
    """Why the bot cannot write here: blocked, kicked, migrated."""
    messages: dict[int, Message] = field(default_factory=dict, repr=False)
    last_message_id: int = 0

    def as_chat(self) -> dict[str, Any]:
        """Write it as the Bot API's Chat."""
        if self.user is None:
            return {"id": self.id, "type": self.type, "title": self.title}
        names = {"username": self.user.username, "last_name": self.user.last_name}
        told = {"id": self.id, "type": self.type, "first_name": self.user.first_name}
        return told | {name: value for name, value in names.items() if value}

    def add(self, sender: User, now: float, **content: Any) -> Message:
        """Add a message and return it."""
        self.last_message_id += 1
        message = {
            "message_id": self.last_message_id,
            "from": sender.as_user(),
            "chat": self.as_chat(),
            "date": int(now),
            **content,
        }
        self.messages[self.last_message_id] = message
        return message

    def quoted(self, message_id: int) -> Message | None:
        """Return a message as a reply quotes it, without what it replied to itself; None where there is none."""
        message = self.messages.get(message_id)
        return message and {name: value for name, value in message.items() if name != "reply_to_message"}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that a bot may download."""

    file_id: str
    file_unique_id: str
    path: str
    content: bytes = field(repr=False)
    size: int

    def as_reference(self) -> dict[str, Any]:
        """Write what every kind of attachment tells of its file."""
        return {"file_id": self.file_id, "file_unique_id": self.file_unique_id, "file_size": self.size}


@dataclass(slots=True, eq=False)
class Bot:
    """A bot: an account, its updates, and its view of chats and files."""

    token: str = field(repr=False)
    account: User
    inbox: Inbox = field(repr=False)
    chats: dict[int, Chat] = field(default_factory=dict, repr=False)
    files: dict[str, StoredFile] = field(default_factory=dict, repr=False)
    links: dict[str, float] = field(default_factory=dict, repr=False)
    """Paths that may be downloaded, and until when."""
    queries: dict[str, float] = field(default_factory=dict, repr=False)
    """Callback queries that may be answered, and since when they exist."""

    @property
    def id(self) -> int:
        """The bot's user id: the number before the colon."""
        return self.account.id

    def add_file(self, folder: str, name: str, content: bytes, size: int | None = None) -> StoredFile:
        """Keep a file. `size` may claim more than `content` holds. The handle is good for this bot only."""
        unique = hashlib.sha256(content + name.encode()).hexdigest()[:16]
        handle = f"BQACAgIAAx{self.id}-{unique}-{secrets.token_urlsafe(6)}"
        extension = name.rpartition(".")[2] if "." in name else "bin"
        path = f"{folder}/file_{len(self.files)}.{extension}"
        stored = StoredFile(handle, "AgAD" + unique, path, content, len(content) if size is None else size)
        self.files[handle] = stored
        return stored


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that became visible in a chat."""

    bot_id: int
    chat_id: int
    event: str
    """`message`, `edited`, `deleted`, `action`, or `notice`, the answer to a callback query."""
    message: Message = field(repr=False)


class World:
    """All of it."""

    def __init__(self, *, on_shown: Callable[[Shown], None]) -> None:
        """`on_shown` is told of everything that becomes visible in a chat."""
        self.bots: dict[str, Bot] = {}
        self.users: dict[int, User] = {}
        self._on_shown = on_shown

    def bot(self, token: str) -> Bot:
        """Find a bot by its token. Raises LookupError."""
        if token not in self.bots:
            raise LookupError("there is no bot with this token: add_bot first")
        return self.bots[token]

    def user(self, user_id: int) -> User:
        """Find a user. Raises LookupError."""
        if user_id not in self.users:
            raise LookupError(f"there is no user {user_id}: add_user first")
        return self.users[user_id]

    def private_chat(self, bot: Bot, user: User) -> Chat:
        """Return the chat of a bot and a user; the user has opened it from now on."""
        return bot.chats.setdefault(user.id, Chat(user.id, user=user))

    def show(self, bot: Bot, chat_id: int, event: str, message: Message) -> None:
        """Let everyone who looks at the chat see something."""
        self._on_shown(Shown(bot.id, chat_id, event, message))
