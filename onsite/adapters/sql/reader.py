"""Looks into the store for people and programs. Writes nothing."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, or_, select, tuple_

from onsite.adapters.sql.attention import ATTENTION
from onsite.adapters.sql.media import count_missing
from onsite.adapters.sql.migrate import check_revision
from onsite.adapters.sql.quarantine import IN_QUARANTINE
from onsite.adapters.sql.statements import AnyRow
from onsite.adapters.sql.tables import attachments, channels, contacts, conversations, events, media, messages
from onsite.adapters.sql.transactions import SqlStore, reading
from onsite.adapters.sql.views import attachment_of, contact_of, conversation_of, media_of, message_of
from onsite.core.errors import ConversationNotFound
from onsite.core.model import Author, Platform
from onsite.core.sending import SendState
from onsite.engine.channels import ChannelState
from onsite.engine.errors import MessageNotFound
from onsite.engine.folding import folded
from onsite.engine.media import MediaView
from onsite.engine.views import AttachmentView, ContactView, ConversationView, Counts, Cursor, MessageView

AnySelect = Select[*tuple[Any, ...]]

_WATCHED = (SendState.QUEUED, SendState.SENDING, SendState.UNKNOWN)

_MESSAGES = select(messages, contacts.c.name.label("author_name")).outerjoin(
    contacts, contacts.c.id == messages.c.contact_id
)

_successor = conversations.alias("successor")
_target = messages.alias("target")
_HAS_TARGET = exists().where(
    _target.c.conversation_id == messages.c.conversation_id,
    _target.c.key == messages.c.about_key,
    _target.c.change.is_(None),
)
# What became of a message is shown with it; where it is not there, in its place.
_STANDS_BY_ITSELF = or_(messages.c.change.is_(None), ~_HAS_TARGET)


class SqlReader(SqlStore):
    """Implements `Reader`."""

    @reading
    def conversations(self, connection: Connection, *, limit: int, before: Cursor | None) -> Sequence[ConversationView]:
        """List conversations, the one that moved last first."""
        columns = (conversations.c.last_at_ms, conversations.c.id)
        query = _page(_conversations(), columns, limit=limit, before=before)
        return [conversation_of(row) for row in connection.execute(query)]

    @reading
    def messages(
        self, connection: Connection, conversation_id: int, *, limit: int, before: Cursor | None
    ) -> Sequence[MessageView]:
        """List a conversation's messages by the platform's time, newest first. Raises ConversationNotFound."""
        mine = _MESSAGES.where(messages.c.conversation_id == conversation_id, _STANDS_BY_ITSELF)
        query = _page(mine, (messages.c.sent_at_ms, messages.c.id), limit=limit, before=before)
        rows = connection.execute(query).all()
        if not rows:
            _check_conversation(connection, conversation_id)
        return _with_all(connection, rows)

    @reading
    def message(self, connection: Connection, message_id: int) -> MessageView:
        """Return one message. Raises MessageNotFound."""
        rows = connection.execute(_MESSAGES.where(messages.c.id == message_id)).all()
        if not rows:
            raise MessageNotFound(f"there is no message {message_id}")
        return _with_all(connection, rows)[0]

    @reading
    def contacts(self, connection: Connection, *, limit: int, before: int | None) -> Sequence[ContactView]:
        """List contacts, the newest first."""
        query = select(contacts, channels.c.platform).join(channels).order_by(contacts.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(contacts.c.id < before)
        return [contact_of(row) for row in connection.execute(query)]

    @reading
    def counts(self, connection: Connection) -> Counts:
        """Count what somebody may have to look after."""
        replies = (
            select(messages.c.state, func.count())
            .where(messages.c.state.in_(_WATCHED), messages.c.author == Author.OPERATOR)
            .group_by(messages.c.state)
        )
        by_state = (
            select(channels.c.platform, channels.c.state, func.count())
            .where(channels.c.state != ChannelState.REMOVED)
            .group_by(channels.c.platform, channels.c.state)
        )
        quarantined = select(func.count()).select_from(events).where(IN_QUARANTINE)
        found = {SendState(state): count for state, count in connection.execute(replies)}
        return Counts(
            replies={state: found.get(state, 0) for state in _WATCHED},
            channels={
                (Platform(platform), ChannelState(state)): count
                for platform, state, count in connection.execute(by_state)
            },
            quarantined=connection.execute(quarantined).scalar_one(),
            media=count_missing(connection),
        )

    @reading
    def check(self, connection: Connection) -> None:
        """Ask the database whether it answers and has the tables of this release. Raises StoreUnavailable."""
        check_revision(connection)


def _conversations() -> AnySelect:
    last_text = (
        select(func.coalesce(func.nullif(messages.c.text, ""), func.nullif(messages.c.label, ""), messages.c.kind))
        .where(messages.c.conversation_id == conversations.c.id)
        .order_by(messages.c.sent_at_ms.desc(), messages.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            conversations,
            channels.c.platform,
            channels.c.name.label("channel_name"),
            contacts.c.name.label("contact_name"),
            func.coalesce(last_text, "").label("last_text"),
            _successor.c.id.label("moved_to"),
            *ATTENTION,
        )
        .join(channels, channels.c.id == conversations.c.channel_id)
        .outerjoin(contacts, contacts.c.id == conversations.c.contact_id)
        .outerjoin(
            _successor,
            (_successor.c.channel_id == conversations.c.channel_id)
            & (_successor.c.key == conversations.c.moved_to_key),
        )
    )


def _page(
    query: AnySelect,
    columns: tuple[ColumnElement[int], ColumnElement[int]],
    *,
    limit: int,
    before: Cursor | None,
) -> AnySelect:
    if before is not None:
        query = query.where(tuple_(*columns) < (before.at_ms, before.id))
    return query.order_by(*(column.desc() for column in columns)).limit(limit)


def _check_conversation(connection: Connection, conversation_id: int) -> None:
    found = connection.execute(select(conversations.c.id).where(conversations.c.id == conversation_id))
    if found.first() is None:
        raise ConversationNotFound(f"there is no conversation {conversation_id}; `onsite conversations` shows them")


def _with_all(connection: Connection, rows: Sequence[AnyRow]) -> list[MessageView]:
    """Return the messages in their order, each with its attachments and after all that became of it."""
    keys = {row.key for row in rows if row.change is None}
    about = messages.c.about_key.in_(keys) & messages.c.conversation_id.in_({row.conversation_id for row in rows})
    changes = connection.execute(_MESSAGES.where(messages.c.change.is_not(None), about)).all() if keys else []
    views = _with_attachments(connection, [*rows, *changes])
    of_messages: dict[tuple[int, str | None], list[MessageView]] = {}
    for change in views[len(rows) :]:
        of_messages.setdefault((change.conversation_id, change.about_key), []).append(change)
    return [
        view if view.change is not None else folded(view, of_messages.get((view.conversation_id, view.key), ()))
        for view in views[: len(rows)]
    ]


def _with_attachments(connection: Connection, rows: Sequence[AnyRow]) -> list[MessageView]:
    theirs: dict[int, list[AttachmentView]] = {row.id: [] for row in rows}
    query = select(attachments).where(attachments.c.message_id.in_(theirs)).order_by(attachments.c.position)
    found = connection.execute(query).all()
    contents = _media_of(connection, [row.id for row in found])
    for row in found:
        theirs[row.message_id].append(attachment_of(row, contents.get(row.id)))
    return [message_of(row, tuple(theirs[row.id])) for row in rows]


def _media_of(connection: Connection, attachment_ids: Collection[int]) -> dict[int, MediaView]:
    """Return the contents of attachments."""
    if not attachment_ids:
        return {}
    query = select(media).where(media.c.attachment_id.in_(attachment_ids))
    return {row.attachment_id: media_of(row) for row in connection.execute(query)}
