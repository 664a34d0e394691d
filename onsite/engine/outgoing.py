"""What leaves the site: replies as the sender sees them, and how an attempt is written down. Values only."""

from dataclasses import dataclass

from onsite.core.sending import SendEvent
from onsite.engine.channels import ChannelRef, ChannelState


@dataclass(frozen=True, slots=True)
class NewReply:
    """A reply that an operator wrote, before it is stored."""

    conversation_id: int
    text: str
    correlation: str
    """Our own id; Facebook gives it back with the echo."""
    written_at_ms: int
    client_id: str | None = None
    """The writer's own id: the same one twice within a conversation is one message."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A queued reply whose turn it is."""

    message_id: int
    conversation_id: int
    conversation_key: str
    """The recipient: page-scoped id, or Telegram chat id."""
    channel_id: int
    channel: ChannelRef
    channel_state: ChannelState
    text: str
    correlation: str
    attempts: int
    """How often it was tried before."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What an attempt's outcome changes."""

    event: SendEvent
    platform_id: str = ""
    code: str = ""
    sentence: str = ""
    not_before_ms: int = 0
    """When a postponed reply may be tried again."""
