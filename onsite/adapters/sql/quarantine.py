"""Events that could not be read, in the table of all events."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, literal, select, update

from onsite.adapters.sql.inbox import apply_facts
from onsite.adapters.sql.statements import AnyRow
from onsite.adapters.sql.tables import channels, events
from onsite.adapters.sql.transactions import SqlStore, reading, writing
from onsite.core.model import Platform
from onsite.engine.channels import ChannelRef
from onsite.engine.errors import EventNotFound
from onsite.engine.incoming import Applied, EventState, IncomingEvent
from onsite.engine.quarantine import Quarantined

# Written out in the statement, as a database uses a partial index only where it sees the index's own condition.
IN_QUARANTINE = events.c.state == literal(str(EventState.QUARANTINED), literal_execute=True)

_EVENTS = select(events, channels.c.platform, channels.c.external_id, channels.c.name.label("channel_name")).join(
    channels, channels.c.id == events.c.channel_id
)


class SqlQuarantine(SqlStore):
    """Implements `QuarantineStore`."""

    @reading
    def newest(self, connection: Connection, *, limit: int, before: int | None) -> Sequence[Quarantined]:
        """List them, the newest first."""
        query = _in_quarantine().order_by(events.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(events.c.id < before)
        return [_quarantined(row) for row in connection.execute(query)]

    @reading
    def oldest(self, connection: Connection, *, limit: int, behind: int) -> Sequence[Quarantined]:
        """List those behind an id, the oldest first."""
        query = _in_quarantine().where(events.c.id > behind).order_by(events.c.id).limit(limit)
        return [_quarantined(row) for row in connection.execute(query)]

    @reading
    def one(self, connection: Connection, event_id: int) -> Quarantined:
        """Return one. Raises EventNotFound, also for one that left."""
        row = connection.execute(_in_quarantine().where(events.c.id == event_id)).first()
        if row is None:
            raise EventNotFound(f"there is no event {event_id} in quarantine; `onsite quarantine list` shows them")
        return _quarantined(row)

    @writing
    def release(self, connection: Connection, event_id: int, event: IncomingEvent) -> Applied | None:
        """Store what it means, in its place; None when it left meanwhile."""
        row = connection.execute(_in_quarantine().where(events.c.id == event_id)).first()
        if row is None:
            return None
        same = select(events.c.id).where(events.c.channel_id == row.channel_id, events.c.key == event.key)
        known = connection.execute(same).first() is not None
        values = {"tries": row.tries + 1, "error": "", "state": EventState.STORED if known else event.state}
        # One that came again meanwhile, and could be read then, is stored under that key, and states nothing more.
        key = {} if known else {"key": event.key}
        connection.execute(update(events).where(events.c.id == event_id).values(values | key))
        return apply_facts(connection, [] if known else [event], {event.channel: row.channel_id})

    @writing
    def keep(self, connection: Connection, event_id: int, error: str) -> None:
        """Note one try more, and why it was in vain."""
        changed = update(events).where(events.c.id == event_id, IN_QUARANTINE)
        connection.execute(changed.values(tries=events.c.tries + 1, error=error))


def _in_quarantine() -> Select[*tuple[Any, ...]]:
    return _EVENTS.where(IN_QUARANTINE)


def _quarantined(row: AnyRow) -> Quarantined:
    return Quarantined(
        id=row.id,
        event=IncomingEvent(
            channel=ChannelRef(Platform(row.platform), row.external_id),
            key=row.key,
            source_id=row.source_id,
            kind=row.kind,
            payload=bytes(row.payload),
            received_at_ms=row.received_at_ms,
            state=EventState(row.state),
            error=row.error,
        ),
        channel_name=row.channel_name,
        tries=row.tries,
    )
