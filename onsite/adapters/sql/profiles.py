"""Whose names are to be asked for, in the table of contacts."""

from collections.abc import Sequence

from sqlalchemy import Connection, case, exists, literal, select, update

from onsite.adapters.sql.tables import channels, contacts, conversations
from onsite.adapters.sql.transactions import SqlStore, reading, writing
from onsite.core.facebook.event import USER_REF_PREFIX
from onsite.core.facebook.profile import FRESH_MS
from onsite.core.model import Platform
from onsite.engine.channels import ChannelState
from onsite.engine.profiles import Unknown

_HAS_WRITTEN_SINCE = exists().where(
    conversations.c.contact_id == contacts.c.id, conversations.c.last_at_ms > contacts.c.profile_again_ms - FRESH_MS
)


class SqlProfiles(SqlStore):
    """Implements `ProfileStore`."""

    @reading
    def due(self, connection: Connection, *, now_ms: int, not_of: Sequence[int], limit: int) -> Sequence[Unknown]:
        """Return some, of other channels than `not_of`: Messenger's, as Telegram tells names with every message."""
        query = (
            select(contacts.c.id, contacts.c.channel_id, contacts.c.key)
            .join(channels, channels.c.id == contacts.c.channel_id)
            .where(
                contacts.c.profile_again_ms <= now_ms,
                channels.c.platform == Platform.FACEBOOK,
                channels.c.state != ChannelState.REMOVED,
                channels.c.id.not_in(not_of),
                # Whoever is known by a plugin's reference only has no profile.
                contacts.c.key.not_like(f"{USER_REF_PREFIX}%"),
                _HAS_WRITTEN_SINCE,
            )
            .order_by(contacts.c.profile_again_ms, contacts.c.id)
            .limit(limit)
        )
        return [Unknown(row.id, row.channel_id, row.key) for row in connection.execute(query)]

    @writing
    def keep(self, connection: Connection, contact_id: int, name: str, *, again_at_ms: int) -> None:
        """Keep a name, an empty one as the one that is there, and when to ask again."""
        known = case((literal(name) != "", literal(name)), else_=contacts.c.name)
        changed = update(contacts).where(contacts.c.id == contact_id)
        connection.execute(changed.values(name=known, profile_again_ms=again_at_ms))
