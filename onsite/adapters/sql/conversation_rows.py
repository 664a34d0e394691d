"""Keeps the conversations that a batch touches: who it is with, what it is called, when it last moved."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from onsite.adapters.sql.inserts import insert_new
from onsite.adapters.sql.lookups import AnyRow, rows_where_in
from onsite.adapters.sql.placing import Place, Placed
from onsite.adapters.sql.tables import conversations
from onsite.core.model import MessageFact


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """What the steps that follow need of a conversation."""

    id: int
    delivered_until_ms: int
    read_until_ms: int


@dataclass(slots=True)
class _Told:
    """What a batch says of one conversation, taken together."""

    title: str = ""
    contact_id: int | None = None
    last_at_ms: int = 0


async def ensure_conversations(
    connection: AsyncConnection, placed: Sequence[Placed], contacts: dict[Place, int]
) -> dict[Place, ConversationRow]:
    """Return each conversation that `placed` touches. One that only a receipt names is not made."""
    told = _tell(placed, contacts)
    wanted = {one.place for one in placed}
    query = select(conversations).where(conversations.c.channel_id.in_({channel_id for channel_id, _ in wanted}))
    rows = await rows_where_in(connection, query, conversations.c.key, {key for _, key in wanted})
    known = {place: row for row in rows if (place := (row.channel_id, row.key)) in wanted}
    await _update(connection, [_changes(row, told[place]) for place, row in known.items() if place in told])
    added = await _add(connection, {place: what for place, what in told.items() if place not in known})
    kept = {p: ConversationRow(row.id, row.delivered_until_ms, row.read_until_ms) for p, row in known.items()}
    return kept | added


def _tell(placed: Sequence[Placed], contacts: dict[Place, int]) -> dict[Place, _Told]:
    told: dict[Place, _Told] = {}
    for one in placed:
        if not isinstance(one.fact, MessageFact):
            continue
        what = told.setdefault(one.place, _Told())
        what.title = one.fact.conversation_title or what.title
        what.last_at_ms = max(what.last_at_ms, one.fact.sent_at_ms)
        if one.fact.person is not None and not one.fact.conversation_title:
            what.contact_id = contacts[one.channel_id, one.fact.person.key]
    return told


def _changes(row: AnyRow, told: _Told) -> dict[str, object]:
    return {
        "_id": row.id,
        "title": told.title or row.title,
        "contact_id": row.contact_id or told.contact_id,
        "last_at_ms": max(told.last_at_ms, row.last_at_ms),
    }


async def _update(connection: AsyncConnection, rows: list[dict[str, object]]) -> None:
    if rows:
        values: dict[str, object] = {name: bindparam(name) for name in ("title", "contact_id", "last_at_ms")}
        query = update(conversations).where(conversations.c.id == bindparam("_id")).values(values)
        await connection.execute(query, rows)


async def _add(connection: AsyncConnection, told: dict[Place, _Told]) -> dict[Place, ConversationRow]:
    rows = [
        {
            "channel_id": channel_id,
            "key": key,
            "title": what.title,
            "contact_id": what.contact_id,
            "last_at_ms": what.last_at_ms,
            "delivered_until_ms": 0,
            "read_until_ms": 0,
        }
        for (channel_id, key), what in told.items()
    ]
    columns = (conversations.c.channel_id, conversations.c.key, conversations.c.id)
    added = await insert_new(connection, conversations, rows, *columns)
    return {(row.channel_id, row.key): ConversationRow(row.id, 0, 0) for row in added}
