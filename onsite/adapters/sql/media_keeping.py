"""Which contents are there, how large they are, and which of them no row needs any more."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, func, select, update

from onsite.adapters.sql.media import in_state
from onsite.adapters.sql.statements import among, fetch
from onsite.adapters.sql.tables import media
from onsite.adapters.sql.transactions import SqlStore, reading, writing
from onsite.core.media.keeping import Kept
from onsite.core.media.retries import Failure
from onsite.core.media.states import MediaEvent, MediaState, advance

_STORED = in_state(MediaState.STORED)
_DROPPED = {"state": advance(MediaState.STORED, MediaEvent.DROPPED), "sha256": None, "stored_at_ms": None}

_NEEDED = select(media.c.sha256).distinct().where(_STORED, among(media.c.sha256))
_CONTENTS = (
    select(media.c.sha256, func.max(media.c.size_bytes).label("size_bytes"))
    .where(_STORED)
    .group_by(media.c.sha256)
    .order_by(func.max(media.c.stored_at_ms), media.c.sha256)
)


class SqlKeptMedia(SqlStore):
    """Implements `KeptMedia`."""

    @writing
    def drop_older(self, connection: Connection, *, than_ms: int, failure: Failure, limit: int) -> Collection[str]:
        """Drop rows stored before."""
        older = select(media.c.id, media.c.sha256).where(_STORED, media.c.stored_at_ms < than_ms)
        rows = connection.execute(older.order_by(media.c.stored_at_ms).limit(limit)).all()
        dropped = update(media).where(media.c.id.in_([row.id for row in rows]), _STORED)
        connection.execute(dropped.values(_dropped(failure)))
        return {row.sha256 for row in rows}

    @writing
    def drop_contents(self, connection: Connection, hashes: Sequence[str], failure: Failure) -> None:
        """Drop all rows that have these contents."""
        connection.execute(update(media).where(_STORED, media.c.sha256.in_(hashes)).values(_dropped(failure)))

    @reading
    def oldest(self, connection: Connection, *, limit: int) -> list[Kept]:
        """Return contents, those first whose newest row is oldest."""
        return [Kept(row.sha256, row.size_bytes) for row in connection.execute(_CONTENTS.limit(limit))]

    @reading
    def total_bytes(self, connection: Connection) -> int:
        """Return how large all contents are together."""
        each = _CONTENTS.order_by(None).subquery()
        return int(connection.execute(select(func.coalesce(func.sum(each.c.size_bytes), 0))).scalar_one())

    @reading
    def needed(self, connection: Connection, hashes: Collection[str]) -> Collection[str]:
        """Return those that a row has."""
        return {row.sha256 for row in fetch(connection, _NEEDED, {"among": list(hashes)})}


def _dropped(failure: Failure) -> dict[str, object]:
    return _DROPPED | {"trouble": failure.trouble, "sentence": failure.sentence}
