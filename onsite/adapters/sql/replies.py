"""Keeps replies: from queued to settled. One transaction each; what a state may become is not decided here."""

from typing import Any

from sqlalchemy import Connection, insert, select, update

from onsite.adapters.sql.conversation_rows import move_up
from onsite.adapters.sql.echoes import absorb, made_by_echo, outbound_with_key
from onsite.adapters.sql.statements import AnyRow
from onsite.adapters.sql.tables import channels, conversations, messages
from onsite.adapters.sql.transactions import SqlStore, reading, writing
from onsite.core.errors import ConversationNotFound
from onsite.core.model import Author, Direction, Kind, Platform
from onsite.core.sending import TRANSITIONS, SendState
from onsite.engine.channels import ChannelRef
from onsite.engine.errors import MessageNotFound
from onsite.engine.outgoing import NewReply, Settlement
from onsite.engine.ports import ReplyState
from onsite.engine.settling import further

_OUR_WORDS = (messages.c.id, messages.c.conversation_id, messages.c.text, messages.c.state, messages.c.author)


class SqlReplies(SqlStore):
    """Implements `ReplyStore`."""

    @reading
    def conversation_channel(self, connection: Connection, conversation_id: int) -> ChannelRef:
        """Return the channel that a conversation belongs to. Raises ConversationNotFound."""
        query = select(channels.c.platform, channels.c.external_id).join(conversations)
        row = connection.execute(query.where(conversations.c.id == conversation_id)).first()
        if row is None:
            raise ConversationNotFound(f"there is no conversation {conversation_id}; `onsite conversations` shows them")
        return ChannelRef(Platform(row.platform), row.external_id)

    @writing
    def add_reply(self, connection: Connection, reply: NewReply) -> ReplyState:
        """Store a reply as queued, or return the one that has the same `client_id`."""
        if reply.client_id is not None and (found := _by_client_id(connection, reply)) is not None:
            return _reply_state(found)
        added = connection.execute(insert(messages).values(_values(reply)).returning(*_OUR_WORDS))
        row = added.one()
        # Whoever answers has seen what is there.
        seen = update(conversations).where(conversations.c.id == reply.conversation_id)
        connection.execute(seen.values(seen_id=row.id))
        move_up(connection, [reply.conversation_id])
        return _reply_state(row)

    @reading
    def reply_state(self, connection: Connection, message_id: int) -> ReplyState | None:
        """Return where a message of ours stands; None for one that is not ours. Raises MessageNotFound."""
        row = _row(connection, message_id)
        return _reply_state(row) if row.author == Author.OPERATOR else None

    @writing
    def settle(
        self, connection: Connection, message_id: int, settlement: Settlement, *, now_ms: int
    ) -> SendState | None:
        """Advance a reply; None, and nothing changed, when its state does not know the event."""
        row = _row(connection, message_id)
        state = None if row.state is None else TRANSITIONS.get((SendState(row.state), settlement.event))
        if state is None:
            return None
        values: dict[str, Any] = {
            "state": state,
            "not_before_ms": settlement.not_before_ms,
            "failure_code": settlement.code,
            "failure": settlement.sentence,
        }
        if settlement.platform_id:
            values |= _as_taken(connection, row.conversation_id, state, settlement.platform_id, now_ms=now_ms)
        connection.execute(update(messages).where(messages.c.id == message_id).values(values))
        move_up(connection, [row.conversation_id])
        return SendState(values["state"])


def _as_taken(
    connection: Connection, conversation_id: int, state: SendState, platform_id: str, *, now_ms: int
) -> dict[str, Any]:
    """Say what the platform's answer tells, or its echo, where that came first: the echo knows the platform's time."""
    known = outbound_with_key(connection, conversation_id, platform_id)
    if known is None:
        return {"key": platform_id, "sent_at_ms": now_ms}
    if not made_by_echo(known):
        return {"sent_at_ms": now_ms}  # two replies are two messages: the id stays with whose it was
    echo = absorb(connection, known)
    return {"key": platform_id, "sent_at_ms": echo.sent_at_ms, "state": further(state, echo.state)}


def _row(connection: Connection, message_id: int) -> AnyRow:
    row = connection.execute(select(*_OUR_WORDS).where(messages.c.id == message_id)).first()
    if row is None:
        raise MessageNotFound(f"there is no message {message_id}")
    return row


def _by_client_id(connection: Connection, reply: NewReply) -> AnyRow | None:
    query = select(*_OUR_WORDS).where(
        messages.c.conversation_id == reply.conversation_id, messages.c.client_id == reply.client_id
    )
    return connection.execute(query).first()


def _reply_state(row: AnyRow) -> ReplyState:
    return ReplyState(row.id, row.conversation_id, row.text, SendState(row.state))


def _values(reply: NewReply) -> dict[str, Any]:
    return {
        "conversation_id": reply.conversation_id,
        "direction": Direction.OUTBOUND,
        "author": Author.OPERATOR,
        "kind": Kind.TEXT,
        "sent_at_ms": reply.written_at_ms,
        "text": reply.text,
        "payload": "",
        "label": "",
        "reply_to_key": "",
        "state": SendState.QUEUED,
        "correlation": reply.correlation,
        "client_id": reply.client_id,
    }
