"""What goes into the store in one transaction: events as they came, and what they mean. Values only."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from onsite.core.model import Fact
from onsite.engine.channels import ChannelRef


class EventState(StrEnum):
    """What became of an authentic event. Each is stored raw, whatever its state."""

    TRANSLATED = "translated"
    """Its facts are in the conversations."""
    STORED = "stored"
    """Translated, and it states nothing that concerns a conversation."""
    IGNORED = "ignored"
    """Of a kind that is not translated: the relay's own, or one that this release does not know."""
    QUARANTINED = "quarantined"
    """It could not be read; `error` says why. It can be tried again after an upgrade."""


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """One event, read."""

    channel: ChannelRef
    key: str
    """Unique within the channel and the same for each repetition of the event: what makes repeats harmless."""
    source_id: str
    """The id under which it came: the relay's event id, or Telegram's `update_id`."""
    kind: str
    payload: bytes
    """The platform's item, byte for byte."""
    received_at_ms: int
    state: EventState
    facts: tuple[Fact, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class NextOffset:
    """Where the next poll of a Telegram channel begins; saved together with the updates it confirms."""

    channel: ChannelRef
    value: int


@dataclass(frozen=True, slots=True)
class IncomingBatch:
    """What is stored together or not at all."""

    events: Sequence[IncomingEvent]
    next_offset: NextOffset | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch did."""

    fresh: Sequence[IncomingEvent]
    """Events that were not there before."""
    messages: int
    """Rows added to conversations."""
    outbound_touched: bool
    """Whether the state of a message of ours may have changed."""
    media: int = 0
    """How many contents are to be fetched."""
