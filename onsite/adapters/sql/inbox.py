"""Stores a batch: events, people, conversations, messages and receipts, in one transaction.

The number of statements depends on what kinds of facts the batch holds, not on how many: each step finds its rows with
one look-up and writes them with one insert and one update.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select, tuple_, update

from onsite.adapters.sql.channel_rows import ensure_channels
from onsite.adapters.sql.contact_rows import ensure_contacts
from onsite.adapters.sql.conversation_rows import ensure_conversations
from onsite.adapters.sql.echoes import confirm_ours
from onsite.adapters.sql.inserts import insert_new
from onsite.adapters.sql.message_rows import add_messages
from onsite.adapters.sql.placing import Place, Placed, placed_facts
from onsite.adapters.sql.receipts import advance_by_receipts
from onsite.adapters.sql.tables import channels, events
from onsite.adapters.sql.transactions import SqlStore, reading, writing
from onsite.adapters.sql.whereabouts import note_whereabouts
from onsite.core.model import Direction, MessageFact, Platform, ReceiptFact
from onsite.engine.channels import ChannelRef
from onsite.engine.incoming import Applied, IncomingBatch, IncomingEvent, NextOffset


class SqlInbox(SqlStore):
    """Implements `InboxStore`."""

    @reading
    def known(
        self, connection: Connection, platform: Platform, keys: Sequence[tuple[str, str]]
    ) -> set[tuple[str, str]]:
        """Return those events that are stored, each by its channel's id at the platform and its key."""
        wanted = tuple_(channels.c.external_id, events.c.key).in_(list(keys))
        query = select(channels.c.external_id, events.c.key).join(channels, channels.c.id == events.c.channel_id)
        return {
            (row.external_id, row.key)
            for row in connection.execute(query.where(channels.c.platform == platform, wanted))
        }

    @writing
    def check(self, connection: Connection) -> None:
        """Take the right to write, and give it back. Raises StoreUnavailable."""

    @writing
    def apply(self, connection: Connection, batch: IncomingBatch) -> Applied:
        """Store the events and their facts. Raises StoreUnavailable."""
        applied = _apply_events(connection, batch.events)
        if batch.next_offset is not None:
            _save_offset(connection, batch.next_offset)
        return applied


def _apply_events(connection: Connection, incoming: Sequence[IncomingEvent]) -> Applied:
    channel_ids = ensure_channels(connection, {event.channel for event in incoming})
    return apply_facts(connection, _insert_events(connection, incoming, channel_ids), channel_ids)


def apply_facts(connection: Connection, fresh: Sequence[IncomingEvent], channel_ids: dict[ChannelRef, int]) -> Applied:
    """Store what events mean that are stored themselves already."""
    placed = placed_facts(fresh, channel_ids)
    if not placed:
        return Applied(fresh, messages=0, outbound_touched=False)
    contacts = ensure_contacts(connection, placed)
    places = ensure_conversations(connection, placed, contacts)
    echoes = [one for one in placed if isinstance(one.fact, MessageFact) and one.fact.direction is Direction.OUTBOUND]
    ours = confirm_ours(connection, echoes, places)
    added = add_messages(connection, [one for one in placed if one not in ours], places, contacts)
    advance_by_receipts(connection, placed, places, echoed=_places_of(echoes))
    note_whereabouts(connection, placed, places)
    receipts = any(isinstance(one.fact, ReceiptFact) for one in placed)
    return Applied(fresh, messages=added.messages, outbound_touched=bool(ours) or receipts, media=added.media)


def _insert_events(
    connection: Connection, incoming: Sequence[IncomingEvent], channel_ids: dict[ChannelRef, int]
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
    new = {tuple(row) for row in insert_new(connection, events, rows, events.c.channel_id, events.c.key)}
    return [event for place, event in by_key.items() if place in new]


def _save_offset(connection: Connection, offset: NextOffset) -> None:
    connection.execute(
        update(channels)
        .where(channels.c.platform == offset.channel.platform, channels.c.external_id == offset.channel.external_id)
        .values(next_offset=offset.value)
    )


def _places_of(placed: Sequence[Placed]) -> set[Place]:
    return {one.place for one in placed}
