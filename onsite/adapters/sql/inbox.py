"""Stores a batch: events, people, conversations, messages and receipts, in one transaction.

The number of statements depends on what kinds of facts the batch holds, not on how many: each step finds its rows with
one look-up and writes them with one insert and one update.
"""

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from onsite.adapters.sql.channel_rows import ensure_channels
from onsite.adapters.sql.contact_rows import ensure_contacts
from onsite.adapters.sql.conversation_rows import ensure_conversations
from onsite.adapters.sql.database import Database
from onsite.adapters.sql.echoes import confirm_ours
from onsite.adapters.sql.inserts import insert_new
from onsite.adapters.sql.message_rows import add_messages
from onsite.adapters.sql.placing import Place, Placed, placed_facts
from onsite.adapters.sql.receipts import advance_by_receipts
from onsite.adapters.sql.tables import channels, events
from onsite.adapters.sql.to_the_end import to_the_end
from onsite.core.model import Direction, MessageFact, ReceiptFact
from onsite.engine.channels import ChannelRef
from onsite.engine.incoming import Applied, IncomingBatch, IncomingEvent, NextOffset


class SqlInbox:
    """Implements `InboxStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @to_the_end
    async def check(self) -> None:
        """Take the right to write, and give it back. Raises StoreUnavailable."""
        async with self._database.write():
            pass

    @to_the_end
    async def apply(self, batch: IncomingBatch) -> Applied:
        """Store the events and their facts. Raises StoreUnavailable."""
        async with self._database.write() as connection:
            applied = await _apply_events(connection, batch.events)
            if batch.next_offset is not None:
                await _save_offset(connection, batch.next_offset)
        return applied


async def _apply_events(connection: AsyncConnection, incoming: Sequence[IncomingEvent]) -> Applied:
    channel_ids = await ensure_channels(connection, {event.channel for event in incoming})
    fresh = await _insert_events(connection, incoming, channel_ids)
    placed = placed_facts(fresh, channel_ids)
    if not placed:
        return Applied(fresh, messages=0, outbound_touched=False)
    contacts = await ensure_contacts(connection, placed)
    places = await ensure_conversations(connection, placed, contacts)
    echoes = [one for one in placed if isinstance(one.fact, MessageFact) and one.fact.direction is Direction.OUTBOUND]
    ours = await confirm_ours(connection, echoes, places)
    added = await add_messages(connection, [one for one in placed if one not in ours], places, contacts)
    await advance_by_receipts(connection, placed, places, echoed=_places_of(echoes))
    receipts = any(isinstance(one.fact, ReceiptFact) for one in placed)
    return Applied(fresh, messages=added, outbound_touched=bool(ours) or receipts)


async def _insert_events(
    connection: AsyncConnection, incoming: Sequence[IncomingEvent], channel_ids: dict[ChannelRef, int]
) -> list[IncomingEvent]:
    """Store what is new, and return it in the order in which it came."""
    by_key: dict[Place, IncomingEvent] = {}
    for event in incoming:
        by_key.setdefault((channel_ids[event.channel], event.key), event)
    rows = [
        {
            "channel_id": channel_id,
            "key": event.key,
            "source_id": event.source_id,
            "kind": event.kind,
            "payload": event.payload,
            "received_at_ms": event.received_at_ms,
            "state": event.state,
            "error": event.error,
        }
        for (channel_id, _), event in by_key.items()
    ]
    new = {tuple(row) for row in await insert_new(connection, events, rows, events.c.channel_id, events.c.key)}
    return [event for place, event in by_key.items() if place in new]


async def _save_offset(connection: AsyncConnection, offset: NextOffset) -> None:
    await connection.execute(
        update(channels)
        .where(channels.c.platform == offset.channel.platform, channels.c.external_id == offset.channel.external_id)
        .values(next_offset=offset.value)
    )


def _places_of(placed: Sequence[Placed]) -> set[Place]:
    return {one.place for one in placed}
