"""The outbox as the sender sees it: whose turn it is, and who is under way."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from onsite.adapters.sql.database import Database
from onsite.adapters.sql.replies import SqlReplies
from onsite.adapters.sql.statements import AnyRow
from onsite.adapters.sql.tables import channels, conversations, messages
from onsite.adapters.sql.transactions import SqlStore, reading, writing
from onsite.core.model import Platform
from onsite.core.sending import SendEvent, SendState, advance
from onsite.engine.attempts import LONGEST_PAUSE_S
from onsite.engine.channels import ChannelRef, ChannelState
from onsite.engine.outgoing import Outgoing, Settlement

DUE_LIMIT = 50
"""How many replies one look brings; the next look comes as soon as one of them has started."""

_LOST = "the site stopped while this reply was on its way: see in the app of the platform whether it arrived"


class SqlOutbox(SqlStore):
    """Implements `OutboxStore`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._replies = SqlReplies(database)

    @reading
    def due(
        self, connection: Connection, *, now_ms: int, busy_channels: Sequence[int], busy_conversations: Sequence[int]
    ) -> list[Outgoing]:
        """Return the first queued reply of each conversation that may be tried now, oldest first."""
        # A postponed head holds back the rest of its conversation, as nothing may overtake.
        heads = (
            select(func.min(messages.c.id))
            .where(messages.c.state == SendState.QUEUED, messages.c.conversation_id.not_in(busy_conversations))
            .group_by(messages.c.conversation_id)
        )
        query = (
            select(
                messages.c.id,
                messages.c.conversation_id,
                messages.c.text,
                messages.c.correlation,
                messages.c.attempts,
                conversations.c.key,
                conversations.c.channel_id,
                channels.c.platform,
                channels.c.external_id,
                channels.c.state.label("channel_state"),
            )
            .join(conversations, conversations.c.id == messages.c.conversation_id)
            .join(channels, channels.c.id == conversations.c.channel_id)
            .where(messages.c.id.in_(heads), _has_waited(now_ms), channels.c.id.not_in(busy_channels))
            .order_by(messages.c.id)
            .limit(DUE_LIMIT)
        )
        return [_outgoing(row) for row in connection.execute(query)]

    @reading
    def next_due_ms(self, connection: Connection, *, now_ms: int) -> int | None:
        """Return when the next postponed reply may be tried; None when none waits."""
        query = select(func.min(messages.c.not_before_ms)).where(
            messages.c.state == SendState.QUEUED, ~_has_waited(now_ms)
        )
        moment: int | None = connection.execute(query).scalar_one()
        return moment

    @writing
    def start(self, connection: Connection, message_id: int) -> bool:
        """Make a queued reply `sending`, durably. False when it is not queued any more."""
        query = (
            update(messages)
            .where(messages.c.id == message_id, messages.c.state == SendState.QUEUED)
            .values(state=advance(SendState.QUEUED, SendEvent.STARTED), attempts=messages.c.attempts + 1)
        )
        return bool(connection.execute(query).rowcount)

    async def settle(self, message_id: int, settlement: Settlement, *, now_ms: int) -> SendState | None:
        """Advance a reply by an attempt's outcome."""
        return await self._replies.settle(message_id, settlement, now_ms=now_ms)

    @writing
    def lose_unfinished(self, connection: Connection) -> int:
        """Make everything found in `sending` unknown, and return how many that were."""
        query = (
            update(messages)
            .where(messages.c.state == SendState.SENDING)
            .values(state=advance(SendState.SENDING, SendEvent.LOST), failure_code="interrupted", failure=_LOST)
        )
        return connection.execute(query).rowcount


def _has_waited(now_ms: int) -> ColumnElement[bool]:
    furthest_ms = now_ms + int(LONGEST_PAUSE_S * 1000)
    return or_(messages.c.not_before_ms <= now_ms, messages.c.not_before_ms > furthest_ms)


def _outgoing(row: AnyRow) -> Outgoing:
    return Outgoing(
        message_id=row.id,
        conversation_id=row.conversation_id,
        conversation_key=row.key,
        channel_id=row.channel_id,
        channel=ChannelRef(Platform(row.platform), row.external_id),
        channel_state=ChannelState(row.channel_state),
        text=row.text,
        correlation=row.correlation,
        attempts=row.attempts,
    )
