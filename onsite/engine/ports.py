"""Through what the use cases reach the world. Declared here, where they are used; the adapters do not inherit.

Every store method may raise StoreUnavailable; then nothing was changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from onsite.core.facebook.conversations import Customer, MessagePage, ThreadPage
from onsite.core.facebook.page import PageIdentity
from onsite.core.gap import Span
from onsite.core.model import Platform, Translation
from onsite.core.sending import SendOutcome, SendState
from onsite.engine.channels import Channel, ChannelRef, ChannelState, Credentials
from onsite.engine.incoming import Applied, IncomingBatch
from onsite.engine.outgoing import NewReply, Outgoing, Settlement


class ItemTranslator(Protocol):
    """Reads one item of Meta's. Raises TranslationError."""

    def __call__(self, kind: str, page_id: str, payload: bytes, *, received_at_ms: int) -> Translation:
        """Translate one item."""
        ...


class UpdateTranslator(Protocol):
    """Reads one update of Telegram's. Raises TranslationError."""

    def __call__(self, update: bytes, *, received_at_ms: int) -> Translation:
        """Translate one update."""
        ...


UpdateId = Callable[[bytes], int]
"""Tells an update's id. Raises TranslationError."""


class InboxStore(Protocol):
    """Where events go."""

    async def apply(self, batch: IncomingBatch) -> Applied:
        """Store the events and their facts in one transaction. A repetition changes nothing."""
        ...

    async def known(self, platform: Platform, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those events that are stored, each by its channel's id at the platform and its key."""
        ...

    async def check(self) -> None:
        """Ask whether anything could be stored now: begin to write, and write nothing."""
        ...


class ChannelStore(Protocol):
    """Where channels and their credentials live."""

    async def channels(self) -> list[Channel]:
        """List all that are not removed."""
        ...

    async def channel(self, channel_id: int) -> Channel:
        """Return one. Raises ChannelNotFound, also for a removed one."""
        ...

    async def save_channel(self, ref: ChannelRef, *, name: str, credentials: Credentials) -> Channel:
        """Add a channel, or give the one that exists new credentials; its health is `ok` until something else shows.

        An empty name keeps the one that is there.
        """
        ...

    async def remove_channel(self, channel_id: int) -> None:
        """Erase the credentials and take the channel off the list; conversations stay. Raises ChannelNotFound."""
        ...

    async def set_health(
        self, channel_id: int, state: ChannelState, sentence: str, *, only_from: frozenset[ChannelState] | None = None
    ) -> bool:
        """Write a channel's health, if its state is one of `only_from`. False: nothing changed."""
        ...

    async def credentials(self, channel_id: int) -> Credentials | None:
        """Open a channel's credentials; None when it has none. Raises VaultError when the master key does not fit."""
        ...

    async def next_offset(self, channel_id: int) -> int | None:
        """Return where the next poll of a Telegram channel begins; None before the first update."""
        ...


class ConnectedPages(Protocol):
    """Who is told what the relay says of pages; each may be told twice. All raise StoreUnavailable."""

    async def page_connected(self, page_id: str, credentials: Credentials, *, name: str) -> None:
        """Send for the page with these credentials from now on."""
        ...

    async def page_disconnected(self, page_id: str, reason: str) -> None:
        """Know that nothing comes for the page any more, and why."""
        ...

    async def page_token_died(self, page_id: str, reason: str) -> None:
        """Know that Facebook takes the page's token no longer, why, and what mends it."""
        ...


class GapNews(Protocol):
    """Who is told that messages of a page may be missing; may be told twice. Raises StoreUnavailable."""

    async def gap_told(self, page_id: str, span: Span, reason: str) -> None:
        """Keep it durably, and see what can be found."""
        ...


@dataclass(frozen=True, slots=True)
class ReplyState:
    """Where one reply stands."""

    message_id: int
    conversation_id: int
    text: str
    state: SendState


class AttentionStore(Protocol):
    """Where it is kept what of a conversation somebody saw, and whether it is open."""

    async def seen(self, conversation_id: int) -> None:
        """Note that somebody saw what is there now. Raises ConversationNotFound."""
        ...

    async def close(self, conversation_id: int) -> None:
        """Close it, until the customer says more. Raises ConversationNotFound."""
        ...

    async def reopen(self, conversation_id: int) -> None:
        """Open it again. Raises ConversationNotFound."""
        ...


class ReplyStore(Protocol):
    """Where replies wait to be sent."""

    async def conversation_channel(self, conversation_id: int) -> ChannelRef:
        """Return the channel that a conversation belongs to. Raises ConversationNotFound."""
        ...

    async def add_reply(self, reply: NewReply) -> ReplyState:
        """Store a reply as queued, or return the one that has the same `client_id`."""
        ...

    async def reply_state(self, message_id: int) -> ReplyState | None:
        """Return where a message of ours stands; None for one that is not ours. Raises MessageNotFound."""
        ...

    async def settle(self, message_id: int, settlement: Settlement, *, now_ms: int) -> SendState | None:
        """Advance a reply by what is now known of it.

        Returns its state afterwards; None when its state does not know the event, and then nothing was changed.
        """
        ...


class OutboxStore(Protocol):
    """What the sender needs of it."""

    async def due(
        self, *, now_ms: int, busy_channels: Sequence[int], busy_conversations: Sequence[int]
    ) -> list[Outgoing]:
        """Return the first queued reply of each conversation that may be tried now, oldest first, a bounded number.

        One that would wait longer than `attempts.LONGEST_PAUSE_S` may be tried too: the clock has jumped back.
        """
        ...

    async def next_due_ms(self, *, now_ms: int) -> int | None:
        """Return when the next postponed reply may be tried; None when none waits."""
        ...

    async def start(self, message_id: int) -> bool:
        """Make a queued reply `sending`, durably. False when it is not queued any more."""
        ...

    async def settle(self, message_id: int, settlement: Settlement, *, now_ms: int) -> SendState | None:
        """As in ReplyStore."""
        ...

    async def lose_unfinished(self) -> int:
        """Make everything found in `sending` unknown, and return how many that were. For the start of the process."""
        ...


class Courier(Protocol):
    """Sends replies on one platform. Never raises for what the platform or the network does: that is an outcome."""

    async def send(self, outgoing: Outgoing, credentials: Credentials) -> SendOutcome:
        """Try once."""
        ...


class BotIdentity(Protocol):
    """What Telegram says of a bot."""

    @property
    def id(self) -> int:
        """The bot's number, the same for all its tokens."""
        ...

    @property
    def username(self) -> str:
        """Without the @."""
        ...

    @property
    def name(self) -> str:
        """What people see."""
        ...


class FacebookPages(Protocol):
    """What the site asks Facebook, apart from sending."""

    async def identify(self, token: SecretStr, proof: SecretStr | None = None) -> PageIdentity:
        """Ask whose token it is. Raises FacebookError."""
        ...


class Conversations(Protocol):
    """Reads a page's conversations. Each method is one call, and raises FacebookError."""

    async def threads(self, page_id: str, credentials: Credentials, *, after: str) -> ThreadPage:
        """List threads, newest first, from the beginning or from behind `after`."""
        ...

    async def thread(self, page_id: str, thread_id: str, credentials: Credentials) -> tuple[Customer, MessagePage]:
        """Read whom a thread is with, and its newest messages."""
        ...

    async def older(self, thread_id: str, credentials: Credentials, *, after: str) -> MessagePage:
        """List a thread's messages behind `after`, by id and time alone."""
        ...


class TelegramPolling(Protocol):
    """What the site asks Telegram, apart from sending. Each method raises TelegramError."""

    async def get_updates(
        self, token: SecretStr, *, offset: int | None, timeout_s: int, limit: int = 100
    ) -> list[bytes]:
        """Wait up to `timeout_s` for updates; `offset` confirms everything below it."""
        ...

    async def answer_callback(self, token: SecretStr, query_id: str) -> None:
        """Have a pressed button stop waiting."""
        ...

    async def get_me(self, token: SecretStr) -> BotIdentity:
        """Ask whose token it is."""
        ...

    async def get_webhook_url(self, token: SecretStr) -> str:
        """Return where Telegram delivers the bot's updates to; empty when they are to be polled."""
        ...

    async def delete_webhook(self, token: SecretStr) -> None:
        """Have the updates polled from now on."""
        ...
