"""Advances our messages by what customers' devices report: delivered, read. States never go back.

The platform reports a moment ("all until then") and sometimes ids. The moment is remembered with the conversation,
because a receipt may overtake the echo of the message that it is about.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, bindparam, update

from onsite.adapters.sql.conversation_rows import ConversationRow
from onsite.adapters.sql.placing import Place, Placed
from onsite.adapters.sql.tables import conversations, messages
from onsite.core.model import Direction, ReceiptFact, ReceiptState
from onsite.engine.settling import receipt_step

_REMEMBERED = {
    ReceiptState.DELIVERED: conversations.c.delivered_until_ms,
    ReceiptState.READ: conversations.c.read_until_ms,
}


def advance_by_receipts(
    connection: Connection,
    placed: Sequence[Placed],
    places: dict[Place, ConversationRow],
    *,
    echoed: AbstractSet[Place],
) -> None:
    """Apply the receipts in `placed`, and to the conversations in `echoed` also those that came earlier."""
    facts = [
        (places[one.place].id, one.fact) for one in placed if isinstance(one.fact, ReceiptFact) and one.place in places
    ]
    for state in ReceiptState:
        mine = [(conversation_id, fact) for conversation_id, fact in facts if fact.state is state]
        _advance_named(connection, state, mine)
        until = _watermarks(mine)
        _remember(connection, state, until)
        for place in echoed:
            row = places[place]
            until[row.id] = max(until.get(row.id, 0), _remembered(row, state))
        _advance_until(connection, state, {key: moment for key, moment in until.items() if moment})


def _remembered(row: ConversationRow, state: ReceiptState) -> int:
    return row.read_until_ms if state is ReceiptState.READ else row.delivered_until_ms


def _watermarks(facts: Sequence[tuple[int, ReceiptFact]]) -> dict[int, int]:
    until: dict[int, int] = {}
    for conversation_id, fact in facts:
        if fact.watermark_ms is not None:
            until[conversation_id] = max(until.get(conversation_id, 0), fact.watermark_ms)
    return until


def _remember(connection: Connection, state: ReceiptState, until: dict[int, int]) -> None:
    if until:
        column = _REMEMBERED[state]
        query = update(conversations).where(conversations.c.id == bindparam("_id"), column < bindparam("_until"))
        connection.execute(
            query.values({column: bindparam("_until")}),
            [{"_id": key, "_until": moment} for key, moment in until.items()],
        )


def _advance_until(connection: Connection, state: ReceiptState, until: dict[int, int]) -> None:
    if until:
        sources, target = receipt_step(state)
        query = update(messages).where(
            messages.c.state.in_(sources),
            messages.c.conversation_id == bindparam("_id"),
            messages.c.sent_at_ms <= bindparam("_until"),
        )
        connection.execute(
            query.values(state=target), [{"_id": key, "_until": moment} for key, moment in until.items()]
        )


def _advance_named(connection: Connection, state: ReceiptState, facts: Sequence[tuple[int, ReceiptFact]]) -> None:
    named = [{"_id": conversation_id, "_key": key} for conversation_id, fact in facts for key in fact.message_keys]
    if named:
        sources, target = receipt_step(state)
        query = update(messages).where(
            messages.c.conversation_id == bindparam("_id"),
            messages.c.direction == Direction.OUTBOUND,
            messages.c.key == bindparam("_key"),
            messages.c.state.in_(sources),
        )
        connection.execute(query.values(state=target), named)
