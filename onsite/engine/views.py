"""What people and programs get to see of the store, and the port that shows it. Values only.

Lists go from new to old, page by page: `before` is where the page before ended, so that what arrives meanwhile shifts
nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from onsite.core.media.states import MediaState
from onsite.core.model import NO_DETAILS, Attachment, Author, Change, Details, Direction, Kind, Platform
from onsite.core.sending import SendState
from onsite.engine.channels import ChannelState
from onsite.engine.media import MediaView


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list that is ordered by time."""

    at_ms: int
    id: int


@dataclass(frozen=True, slots=True)
class ContactView:
    """A customer."""

    id: int
    channel_id: int
    platform: Platform
    key: str
    name: str
    username: str
    language: str


@dataclass(frozen=True, slots=True)
class ConversationView:
    """A conversation, without its messages."""

    id: int
    channel_id: int
    platform: Platform
    channel_name: str
    key: str
    title: str
    contact_id: int | None
    contact_name: str
    last_at_ms: int
    last_text: str
    """What was said last, or what names it where it is no text."""
    reachable: bool
    """Whether the customer, or the group, lets us say anything."""
    moved_to: int | None
    """The conversation in which it goes on: a group that became a supergroup."""
    is_open: bool
    unread: int
    """Messages of the customer's that nobody has seen; counted up to a hundred."""
    waiting_since_ms: int | None
    """Since when the customer waits for an answer; None when they do not."""
    window_until_ms: int | None
    """Until when the platform takes an answer; None where it always does."""

    @property
    def cursor(self) -> Cursor:
        """Where a page that ends with this one ends."""
        return Cursor(self.last_at_ms, self.id)


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """What is attached to a message, and where its content is."""

    attachment: Attachment
    media: MediaView | None = field(default=None, compare=False)
    """None for what is not fetched. Two that are the same by what the platform told are the same here."""


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said before it was edited."""

    at_ms: int
    """Since when it said so."""
    text: str
    label: str
    attachments: tuple[AttachmentView, ...]


@dataclass(frozen=True, slots=True)
class Reaction:
    """Somebody's reaction to a message, as it is now."""

    at_ms: int
    author: Author
    author_name: str
    text: str
    """Emoji, mostly."""


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as it is now, with its attachments and with what became of it."""

    id: int
    conversation_id: int
    direction: Direction
    author: Author
    author_id: int | None
    """The customer's number, where one wrote it."""
    author_name: str
    kind: Kind
    sent_at_ms: int
    text: str
    payload: str
    label: str
    reply_to_key: str
    key: str | None
    state: SendState | None
    """None for an incoming message."""
    failure_code: str
    failure: str
    backfilled: bool
    """Whether it was found by reading the conversation afterwards."""
    attachments: tuple[AttachmentView, ...]
    change: Change | None = None
    """Set where this is what became of a message that is not here: `about_key` names it."""
    about_key: str = ""
    details: Details = NO_DETAILS
    earlier: tuple[Version, ...] = ()
    """What it said before each edit, the oldest first."""
    edited_at_ms: int | None = None
    deleted_at_ms: int | None = None
    """When it was taken back; what it said stays."""
    reactions: tuple[Reaction, ...] = ()

    @property
    def cursor(self) -> Cursor:
        """Where a page that ends with this one ends."""
        return Cursor(self.sent_at_ms, self.id)


@dataclass(frozen=True, slots=True)
class Counts:
    """What the database holds that somebody may have to look after."""

    replies: Mapping[SendState, int]
    """Replies of ours by state, the unsettled and unclear ones: queued, sending, unknown."""
    channels: Mapping[tuple[Platform, ChannelState], int]
    quarantined: int
    media: Mapping[MediaState, int]
    """Customers' files that are not here, by state: pending, failed."""


class Reader(Protocol):
    """Looks into the store. Every method may raise StoreUnavailable."""

    async def conversations(self, *, limit: int, before: Cursor | None) -> Sequence[ConversationView]:
        """List conversations, the one that moved last first."""
        ...

    async def messages(self, conversation_id: int, *, limit: int, before: Cursor | None) -> Sequence[MessageView]:
        """List a conversation's messages by the platform's time, newest first. Raises ConversationNotFound."""
        ...

    async def message(self, message_id: int) -> MessageView:
        """Return one message. Raises MessageNotFound."""
        ...

    async def contacts(self, *, limit: int, before: int | None) -> Sequence[ContactView]:
        """List contacts, the newest first."""
        ...

    async def counts(self) -> Counts:
        """Count what somebody may have to look after."""
        ...

    async def check(self) -> None:
        """Ask the database whether it answers and has the tables of this release. Raises StoreUnavailable."""
        ...
