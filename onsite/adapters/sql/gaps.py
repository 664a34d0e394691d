"""Keeps gaps and how far they are read. What a message is, and when something is missing, is decided elsewhere."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, or_, select, update

from onsite.adapters.sql.channel_rows import ensure_channels
from onsite.adapters.sql.gap_views import gap_of, gap_rows, views_of
from onsite.adapters.sql.inserts import insert_new
from onsite.adapters.sql.statements import AnyRow, among, fetch
from onsite.adapters.sql.tables import channels, conversations, gap_threads, gaps, messages
from onsite.adapters.sql.transactions import SqlStore, reading, writing
from onsite.core.gap import Span, joined
from onsite.engine.channels import ChannelRef, ChannelState
from onsite.engine.errors import GapNotFound
from onsite.engine.gaps import OPEN_STATES, Gap, GapState, GapView, ThreadRead, ThreadState

_KNOWN_KEYS = (
    select(messages.c.key)
    .join(conversations)
    .where(among(conversations.c.channel_id, "channels"), among(conversations.c.key, "contacts"))
    .where(among(messages.c.key))
)


class SqlGaps(SqlStore):
    """Implements `GapStore`."""

    @writing
    def add(self, connection: Connection, ref: ChannelRef, span: Span, reason: str, *, now_ms: int) -> Gap:
        """Keep a gap, as one with those open ones that it meets and that nobody has begun to read.

        One that is being read goes on as it is: a page that has a gap every hour would otherwise begin anew each time.
        """
        channel_id = ensure_channels(connection, {ref})[ref]
        query = gap_rows().where(gaps.c.channel_id == channel_id, gaps.c.state.in_(OPEN_STATES)).order_by(gaps.c.id)
        known = [gap_of(row) for row in connection.execute(query)]
        for each in known:
            if each.span.covers(span):
                return each
        unread = [each for each in known if not each.listed]
        whole = joined(span, [each.span for each in unread])
        met = [each for each in unread if whole.covers(each.span)]
        # A pause that Facebook asked for is the page's: what the gap is called now does not end it.
        not_before_ms = max((each.not_before_ms for each in met), default=0)
        gap_id = _insert(connection, channel_id, whole, reason, not_before_ms=not_before_ms)
        parts = [each.id for each in met]
        merged = {"state": GapState.MERGED, "sentence": "", "merged_into": gap_id, "ended_at_ms": now_ms}
        connection.execute(update(gaps).where(gaps.c.id.in_(parts)).values(merged))
        connection.execute(update(gaps).where(gaps.c.merged_into.in_(parts)).values(merged_into=gap_id))
        return _gap(connection, gap_id)

    @reading
    def channels_with_work(self, connection: Connection) -> Sequence[int]:
        """Return the channels that have a waiting gap and are not removed."""
        query = select(gaps.c.channel_id).distinct().join(channels).where(gaps.c.state == GapState.WAITING)
        return connection.execute(query.where(channels.c.state != ChannelState.REMOVED)).scalars().all()

    @reading
    def next_gap(self, connection: Connection, channel_id: int) -> Gap | None:
        """Return the oldest waiting gap of a channel."""
        mine = gap_rows().where(gaps.c.channel_id == channel_id, gaps.c.state == GapState.WAITING)
        row = connection.execute(mine.order_by(gaps.c.id).limit(1)).first()
        return None if row is None else gap_of(row)

    @writing
    def reopen(self, connection: Connection, channel_id: int) -> int:
        """Let the channel's stopped gaps wait again."""
        stopped = update(gaps).where(gaps.c.channel_id == channel_id, gaps.c.state == GapState.STOPPED)
        return connection.execute(stopped.values(state=GapState.WAITING, sentence="")).rowcount

    @writing
    def note(
        self, connection: Connection, gap_id: int, sentence: str, *, stopped: bool = False, not_before_ms: int = 0
    ) -> None:
        """Write what keeps a waiting gap from being read, and until when."""
        state = GapState.STOPPED if stopped else GapState.WAITING
        values = {"state": state, "sentence": sentence, "not_before_ms": not_before_ms}
        _change_waiting(connection, gap_id, values)

    @writing
    def add_threads(self, connection: Connection, gap_id: int, thread_ids: Sequence[str]) -> int:
        """Keep threads that are to be read; returns how many were not known."""
        rows = [{"gap_id": gap_id, "thread_id": each, "state": ThreadState.WAITING} for each in thread_ids]
        return len(insert_new(connection, gap_threads, rows, gap_threads.c.id))

    @writing
    def listed(self, connection: Connection, gap_id: int) -> None:
        """Note that all threads are known."""
        _change_waiting(connection, gap_id, {"listed": 1})

    @reading
    def next_thread(self, connection: Connection, gap_id: int) -> str | None:
        """Return a thread that is still to be read."""
        waiting = (gap_threads.c.gap_id == gap_id, gap_threads.c.state == ThreadState.WAITING)
        query = select(gap_threads.c.thread_id).where(*waiting).order_by(gap_threads.c.id).limit(1)
        return connection.execute(query).scalar_one_or_none()

    @writing
    def finish_thread(self, connection: Connection, gap_id: int, read: ThreadRead) -> None:
        """Note that a thread was read."""
        mine = (gap_threads.c.gap_id == gap_id, gap_threads.c.thread_id == read.thread_id)
        values = {"contact": read.contact, "found": read.found, "missing": read.missing}
        connection.execute(update(gap_threads).where(*mine).values(state=ThreadState.DONE, **values))

    @writing
    def finish(self, connection: Connection, gap_id: int, *, now_ms: int) -> None:
        """Note that a gap was read as a whole."""
        _change_waiting(connection, gap_id, {"state": GapState.DONE, "sentence": "", "ended_at_ms": now_ms})

    @reading
    def missing(
        self, connection: Connection, channel_id: int, contact: str, message_keys: Collection[str]
    ) -> Collection[str]:
        """Return those of the platform's ids that no message in the conversation has."""
        wanted = {"channels": [channel_id], "contacts": [contact], "among": list(message_keys)}
        return set(message_keys) - {row.key for row in fetch(connection, _KNOWN_KEYS, wanted)}

    @reading
    def view(self, connection: Connection, gap_id: int) -> GapView:
        """Return one. Raises GapNotFound."""
        return views_of(connection, [_gap(connection, gap_id)])[0]

    @reading
    def views(self, connection: Connection, *, limit: int) -> Sequence[GapView]:
        """List gaps, the newest first, without those that were merged."""
        query = gap_rows().where(gaps.c.state != GapState.MERGED).order_by(gaps.c.id.desc()).limit(limit)
        return views_of(connection, [gap_of(row) for row in connection.execute(query)])

    @reading
    def views_of_interest(self, connection: Connection, *, limit: int, ended_since_ms: int) -> Sequence[GapView]:
        """List what is open first, then what ended since or misses something; the newest first."""
        is_open = gaps.c.state.in_(OPEN_STATES)
        recent = and_(gaps.c.state == GapState.DONE, or_(gaps.c.ended_at_ms >= ended_since_ms, _misses_something()))
        query = gap_rows().where(or_(is_open, recent)).order_by(is_open.desc(), gaps.c.id.desc()).limit(limit)
        return views_of(connection, [gap_of(row) for row in connection.execute(query)])

    @writing
    def prune(self, connection: Connection, *, ended_before_ms: int, keep: int, at_most: int) -> int:
        """Forget gaps that ended before then, and all but the newest `keep` that ended."""
        ended = gaps.c.state.not_in(OPEN_STATES)
        newest = select(gaps.c.id).where(ended).order_by(gaps.c.ended_at_ms.desc(), gaps.c.id.desc()).limit(keep)
        too_old = or_(gaps.c.ended_at_ms < ended_before_ms, gaps.c.id.not_in(newest.scalar_subquery()))
        oldest = select(gaps.c.id).where(ended, too_old).order_by(gaps.c.ended_at_ms, gaps.c.id).limit(at_most)
        going = connection.execute(oldest).scalars().all()
        # What became part of one that goes leads nowhere any more.
        connection.execute(delete(gaps).where(gaps.c.merged_into.in_(going)))
        connection.execute(delete(gaps).where(gaps.c.id.in_(going)))
        return len(going)


def _misses_something() -> ColumnElement[bool]:
    return exists().where(gap_threads.c.gap_id == gaps.c.id, gap_threads.c.missing > 0)


def _insert(connection: Connection, channel_id: int, span: Span, reason: str, *, not_before_ms: int) -> int:
    values: dict[str, Any] = {
        "channel_id": channel_id,
        "since_ms": span.since_ms,
        "until_ms": span.until_ms,
        "reason": reason,
    }
    values |= {"state": GapState.WAITING, "not_before_ms": not_before_ms}
    statement = insert(gaps).values(**values).returning(gaps.c.id)
    return int(connection.execute(statement).scalar_one())


def _gap(connection: Connection, gap_id: int) -> Gap:
    row: AnyRow | None = connection.execute(gap_rows().where(gaps.c.id == gap_id)).first()
    if row is None:
        raise GapNotFound(f"there is no backfill {gap_id}; `onsite status` shows the newest ones")
    return gap_of(row)


def _change_waiting(connection: Connection, gap_id: int, values: dict[str, Any]) -> None:
    """Change a gap that is still to be read: whoever reads one that became part of another is too late."""
    waiting = (gaps.c.id == gap_id, gaps.c.state == GapState.WAITING)
    connection.execute(update(gaps).where(*waiting).values(**values))
