"""Recognises echoes of our own replies, so that each stays one row, in whatever order answer and echo arrive.

An echo is ours when it carries our correlation, or when its id is the one that the Send API answered with. An echo
that came before the answer and without our correlation looked like a message from elsewhere and made a row of its own:
`absorb` gives that row's place to the reply once the two are known to be the same. Only such a row is ever absorbed:
what somebody wrote here is never removed, whatever id a platform answers with.
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
from onsite.core.model import Author, Direction, MessageFact
from onsite.core.sending import SendState
from onsite.engine.settling import after_echo, further

_COLUMNS = select(
    messages.c.id,
    messages.c.conversation_id,
    messages.c.key,
    messages.c.correlation,
    messages.c.author,
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
        other = None if same_key is None or same_key.id == reply.id else same_key
        changes[reply.id] = await _confirmed(connection, reply, fact, other)
    await _update(connection, list(changes.values()))
    await move_up(connection, {places[one.place].id for one in ours})
    return ours


async def _confirmed(
    connection: AsyncConnection, reply: AnyRow, fact: MessageFact, other: AnyRow | None
) -> dict[str, object]:
    """Return what changes in `reply`; `other` is another row that has the echo's id."""
    values = {"_id": reply.id, "key": fact.message_key, "sent_at_ms": fact.sent_at_ms}
    state = after_echo(SendState(reply.state))
    if other is not None and made_by_echo(other):
        state = further(state, (await absorb(connection, other)).state)
    elif other is not None:
        values["key"] = reply.key  # two replies are two messages: the id stays with whose it was
    return values | {"state": state}


@dataclass(frozen=True, slots=True)
class Absorbed:
    """What the removed row knew."""

    state: SendState
    sent_at_ms: int


async def outbound_with_key(connection: AsyncConnection, conversation_id: int, key: str) -> AnyRow | None:
    """Return the message of ours that has the platform's id `key`."""
    query = _COLUMNS.where(messages.c.conversation_id == conversation_id, _OUTBOUND, messages.c.key == key)
    return (await connection.execute(query)).first()


def made_by_echo(row: AnyRow) -> bool:
    """Whether an echo made the row, so that the platform would tell of it again; nobody wrote it here."""
    return row.author == Author.ELSEWHERE and row.correlation is None


async def absorb(connection: AsyncConnection, row: AnyRow) -> Absorbed:
    """Remove the row that an echo made for a message which proves to be a reply of ours."""
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
