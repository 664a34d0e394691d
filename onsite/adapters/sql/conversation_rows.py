"""Keeps the conversations that a batch touches: who it is with, what it is called, when it last moved."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select, update

from onsite.adapters.sql.inserts import insert_new
from onsite.adapters.sql.placing import Place, Placed
from onsite.adapters.sql.statements import AnyRow, among, fetch
from onsite.adapters.sql.tables import conversations, messages
from onsite.core.model import MessageFact

_FIND = select(
    conversations.c.channel_id,
    conversations.c.key,
    conversations.c.id,
    conversations.c.title,
    conversations.c.contact_id,
    conversations.c.delivered_until_ms,
    conversations.c.read_until_ms,
).where(among(conversations.c.channel_id, "channels"), among(conversations.c.key))
_UPDATE = (
    update(conversations)
    .where(conversations.c.id == bindparam("_id"))
    .values({name: bindparam(name) for name in ("title", "contact_id")})
)
_LAST_AT_MS = select(func.max(messages.c.sent_at_ms)).where(messages.c.conversation_id == conversations.c.id)
_MOVE_UP = update(conversations).where(among(conversations.c.id)).values(last_at_ms=_LAST_AT_MS.scalar_subquery())


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


def ensure_conversations(
    connection: Connection, placed: Sequence[Placed], contacts: dict[Place, int]
) -> dict[Place, ConversationRow]:
    """Return each conversation that `placed` touches. One that only a receipt names is not made."""
    told = _tell(placed, contacts)
    wanted = {one.place for one in placed}
    in_channels = {channel_id for channel_id, _ in wanted}
    rows = fetch(connection, _FIND, {"among": {key for _, key in wanted}, "channels": in_channels})
    known = {place: row for row in rows if (place := (row.channel_id, row.key)) in wanted}
    changed = [(row, told[place]) for place, row in known.items() if place in told and _tells_more(told[place], row)]
    _update(connection, [_changes(row, what) for row, what in changed])
    added = _add(connection, {place: what for place, what in told.items() if place not in known})
    kept = {p: ConversationRow(row.id, row.delivered_until_ms, row.read_until_ms) for p, row in known.items()}
    return kept | added


def move_up(connection: Connection, ids: Collection[int]) -> None:
    """Let conversations stand where their last message says, after messages were added."""
    if ids:
        fetch(connection, _MOVE_UP, {"among": set(ids)})


def _tell(placed: Sequence[Placed], contacts: dict[Place, int]) -> dict[Place, _Told]:
    told: dict[Place, _Told] = {}
    for one in placed:
        if isinstance(one.fact, MessageFact):
            what = told.setdefault(one.place, _Told())
            what.title = one.fact.conversation_title or what.title
            if one.fact.person is not None and not one.fact.conversation_title:
                what.contact_id = contacts[one.channel_id, one.fact.person.key]
    return told


def _tells_more(told: _Told, row: AnyRow) -> bool:
    return bool(told.title and told.title != row.title) or (row.contact_id is None and told.contact_id is not None)


def _changes(row: AnyRow, told: _Told) -> dict[str, object]:
    return {"_id": row.id, "title": told.title or row.title, "contact_id": row.contact_id or told.contact_id}


def _update(connection: Connection, rows: list[dict[str, object]]) -> None:
    if rows:
        connection.execute(_UPDATE, rows)


def _add(connection: Connection, told: dict[Place, _Told]) -> dict[Place, ConversationRow]:
    rows = [
        {"channel_id": channel_id, "key": key, "title": what.title, "contact_id": what.contact_id}
        for (channel_id, key), what in told.items()
    ]
    columns = (conversations.c.channel_id, conversations.c.key, conversations.c.id)
    added = insert_new(connection, conversations, rows, *columns)
    return {(row.channel_id, row.key): ConversationRow(row.id, 0, 0) for row in added}
