"""Recognises echoes of our own replies, so that each stays one row, in whatever order answer and echo arrive.

An echo is ours when it carries our correlation, or when its id is the one that the Send API answered with. An echo
that came before the answer and without our correlation looked like a message from elsewhere and made a row of its own:
`absorb` gives that row's place to the reply once the two are known to be the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from onsite.adapters.sql.conversation_rows import ConversationRow, move_up
from onsite.adapters.sql.lookups import AnyRow, rows_where_in
from onsite.adapters.sql.placing import Place, Placed
from onsite.adapters.sql.tables import messages
from onsite.core.model import Direction, MessageFact
from onsite.core.sending import SendState
from onsite.engine.settling import after_echo, further

_COLUMNS = select(
    messages.c.id,
    messages.c.conversation_id,
    messages.c.key,
    messages.c.correlation,
    messages.c.state,
    messages.c.sent_at_ms,
)
_OUTBOUND = messages.c.direction == Direction.OUTBOUND


async def confirm_ours(
    connection: AsyncConnection, echoes: Sequence[Placed], places: dict[Place, ConversationRow]
) -> set[Placed]:
    """Confirm the replies that `echoes` prove, and return those echoes; the others are messages from elsewhere."""
    if not echoes:
        return set()
    facts = {one: cast("MessageFact", one.fact) for one in echoes}
    by_correlation = await _by_correlation(connection, {f.correlation for f in facts.values() if f.correlation})
    by_key = await _by_key(connection, facts, places)
    changes: dict[int, dict[str, object]] = {}
    ours: set[Placed] = set()
    for one, fact in facts.items():
        conversation_id = places[one.place].id
        same_key = by_key.get((conversation_id, fact.message_key))
        reply = by_correlation.get((conversation_id, fact.correlation)) or same_key
        if reply is None or reply.correlation is None:
            continue
        ours.add(one)
        state = after_echo(SendState(reply.state))
        if same_key is not None and same_key.id != reply.id:
            state = further(state, (await _absorb_row(connection, same_key)).state)
        changes[reply.id] = {"_id": reply.id, "key": fact.message_key, "state": state, "sent_at_ms": fact.sent_at_ms}
    await _update(connection, list(changes.values()))
    await move_up(connection, {places[one.place].id for one in ours})
    return ours


@dataclass(frozen=True, slots=True)
class Absorbed:
    """What the removed row knew."""

    state: SendState
    sent_at_ms: int


async def absorb(connection: AsyncConnection, conversation_id: int, key: str) -> Absorbed | None:
    """Remove the row that an echo made for a message which proves to be a reply of ours; None when there is none."""
    query = _COLUMNS.where(messages.c.conversation_id == conversation_id, _OUTBOUND, messages.c.key == key)
    row = (await connection.execute(query)).first()
    return None if row is None else await _absorb_row(connection, row)


async def _absorb_row(connection: AsyncConnection, row: AnyRow) -> Absorbed:
    await connection.execute(delete(messages).where(messages.c.id == row.id))
    return Absorbed(SendState(row.state), row.sent_at_ms)


async def _by_correlation(connection: AsyncConnection, wanted: set[str]) -> dict[tuple[int, str], AnyRow]:
    rows = await rows_where_in(connection, _COLUMNS, messages.c.correlation, wanted)
    return {(row.conversation_id, row.correlation): row for row in rows}


async def _by_key(
    connection: AsyncConnection, facts: dict[Placed, MessageFact], places: dict[Place, ConversationRow]
) -> dict[tuple[int, str], AnyRow]:
    query = _COLUMNS.where(_OUTBOUND, messages.c.conversation_id.in_({places[one.place].id for one in facts}))
    rows = await rows_where_in(connection, query, messages.c.key, {fact.message_key for fact in facts.values()})
    return {(row.conversation_id, row.key): row for row in rows}


async def _update(connection: AsyncConnection, rows: list[dict[str, object]]) -> None:
    if rows:
        values: dict[str, object] = {name: bindparam(name) for name in ("key", "state", "sent_at_ms")}
        await connection.execute(update(messages).where(messages.c.id == bindparam("_id")).values(values), rows)
