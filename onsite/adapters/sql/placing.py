"""Where facts belong: a fact and its channel's id make a place, the identity of a conversation. Values only."""

from collections.abc import Sequence
from dataclasses import dataclass

from onsite.core.model import Fact
from onsite.engine.channels import ChannelRef
from onsite.engine.incoming import IncomingEvent

Place = tuple[int, str]
"""A channel's id, and a key that is unique within the channel."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """One fact, and the channel it was stated in. Two are never equal: each is one statement."""

    channel_id: int
    fact: Fact

    @property
    def place(self) -> Place:
        """The conversation that it is about."""
        return (self.channel_id, self.fact.conversation_key)


def placed_facts(events: Sequence[IncomingEvent], channel_ids: dict[ChannelRef, int]) -> list[Placed]:
    """List all facts in the order in which they came."""
    return [Placed(channel_ids[event.channel], fact) for event in events for fact in event.facts]
