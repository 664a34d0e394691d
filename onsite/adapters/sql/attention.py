"""What in a conversation asks for somebody: unread messages, since when the customer waits, whether it is open.

Nothing of it is counted when messages come: it follows from the messages themselves, and from how far somebody looked.
So it is right in whatever order they came, and for what comes late.

- A message of the customer's is unread while nobody has looked since it came, unless one of ours both came later and
  was said later.
- The customer waits since the first message that was said after our last one.
- A closed conversation opens again with the next message of the customer's that comes.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, or_, select, update

from onsite.adapters.sql.tables import conversations, messages
from onsite.adapters.sql.transactions import SqlStore, writing
from onsite.core.errors import ConversationNotFound
from onsite.core.model import Author, Direction

MOST_COUNTED = 100
"""Unread messages of one conversation are counted up to here."""

_outbound = messages.alias("outbound")
_of_contact = messages.alias("of_contact")

_IS_OURS = (_outbound.c.conversation_id == conversations.c.id, _outbound.c.direction == Direction.OUTBOUND)
_IS_THEIRS = (_of_contact.c.conversation_id == conversations.c.id, _of_contact.c.author == Author.CONTACT)
_OUR_LAST_ID = func.coalesce(select(func.max(_outbound.c.id)).where(*_IS_OURS).scalar_subquery(), 0)
_OUR_LAST_MS = func.coalesce(select(func.max(_outbound.c.sent_at_ms)).where(*_IS_OURS).scalar_subquery(), -1)
_THEIR_LAST_ID = func.coalesce(select(func.max(_of_contact.c.id)).where(*_IS_THEIRS).scalar_subquery(), 0)


def _unread() -> ColumnElement[int]:
    unread = (
        select(_of_contact.c.id)
        .where(
            *_IS_THEIRS,
            _of_contact.c.change.is_(None),
            _of_contact.c.id > conversations.c.seen_id,
            or_(_of_contact.c.id > _OUR_LAST_ID, _of_contact.c.sent_at_ms > _OUR_LAST_MS),
        )
        .limit(MOST_COUNTED)
        .correlate(conversations)
        .subquery()
    )
    return select(func.count()).select_from(unread).scalar_subquery()


def _waiting_since_ms() -> ColumnElement[int | None]:
    said = select(func.min(_of_contact.c.sent_at_ms)).where(
        *_IS_THEIRS, _of_contact.c.change.is_(None), _of_contact.c.sent_at_ms > _OUR_LAST_MS
    )
    return case((_is_open(), said.correlate(conversations).scalar_subquery()), else_=None)


def _is_open() -> ColumnElement[bool]:
    return or_(conversations.c.closed_id.is_(None), conversations.c.closed_id < _THEIR_LAST_ID)


def _their_last_ms() -> ColumnElement[int | None]:
    said = select(func.max(_of_contact.c.sent_at_ms)).where(*_IS_THEIRS)
    return said.correlate(conversations).scalar_subquery()


ATTENTION: tuple[ColumnElement[Any], ...] = (
    _unread().label("unread"),
    _waiting_since_ms().label("waiting_since_ms"),
    _their_last_ms().label("their_last_ms"),
    _is_open().label("is_open"),
)
"""Columns of a query over `conversations`."""


class SqlAttention(SqlStore):
    """Implements `AttentionStore`."""

    @writing
    def seen(self, connection: Connection, conversation_id: int) -> None:
        """Note that somebody saw what is there now. Raises ConversationNotFound."""
        _change(connection, conversation_id, seen_id=_newest(conversation_id))

    @writing
    def close(self, connection: Connection, conversation_id: int) -> None:
        """Close it, until the customer says more. Raises ConversationNotFound."""
        newest = _newest(conversation_id)
        _change(connection, conversation_id, seen_id=newest, closed_id=newest)

    @writing
    def reopen(self, connection: Connection, conversation_id: int) -> None:
        """Open it again. Raises ConversationNotFound."""
        _change(connection, conversation_id, closed_id=None)


def _newest(conversation_id: int) -> ColumnElement[int]:
    newest = select(func.max(messages.c.id)).where(messages.c.conversation_id == conversation_id)
    return func.coalesce(newest.scalar_subquery(), 0)


def _change(connection: Connection, conversation_id: int, **values: Any) -> None:
    changed = connection.execute(update(conversations).where(conversations.c.id == conversation_id).values(**values))
    if not changed.rowcount:
        raise ConversationNotFound(f"there is no conversation {conversation_id}; `onsite conversations` shows them")
