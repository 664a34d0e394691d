"""Recognises echoes of our own replies, so that each stays one row, in whatever order answer and echo arrive.

An echo is ours when it carries our correlation, or when its id is the one that the Send API answered with. What was
found by reading a conversation carries none: it may be an unknown reply by its words and its time. An echo
that came before the answer and without our correlation looked like a message from elsewhere and made a row of its own:
`absorb` gives that row's place to the reply once the two are known to be the same. Only such a row is ever absorbed:
what somebody wrote here is never removed, whatever id a platform answers with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, bindparam, delete, select, update

from onsite.adapters.sql.conversation_rows import ConversationRow, move_up
from onsite.adapters.sql.placing import Place, Placed
from onsite.adapters.sql.statements import AnyRow, among, fetch
from onsite.adapters.sql.tables import messages
from onsite.core.model import Author, Direction, MessageFact
from onsite.core.sending import SendState
from onsite.engine.found_replies import FoundReply, OwnReply, recognised
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
_BY_CORRELATION = _COLUMNS.where(among(messages.c.correlation))
_BY_KEY = _COLUMNS.where(_OUTBOUND, among(messages.c.conversation_id, "conversations"), among(messages.c.key))
_WITHOUT_KEY = _COLUMNS.add_columns(messages.c.text).where(
    among(messages.c.conversation_id, "conversations"),
    messages.c.correlation.is_not(None),
    messages.c.state.is_not(None),
    messages.c.key.is_(None),
)
_CONFIRM = (
    update(messages)
    .where(messages.c.id == bindparam("_id"))
    .values({name: bindparam(name) for name in ("key", "state", "sent_at_ms")})
)


def confirm_ours(connection: Connection, echoes: Sequence[Placed], places: dict[Place, ConversationRow]) -> set[Placed]:
    """Confirm the replies that `echoes` prove, and return those echoes; the others are messages from elsewhere."""
    if not echoes:
        return set()
    facts = {one: cast("MessageFact", one.fact) for one in echoes}
    by_correlation = _by_correlation(connection, {f.correlation for f in facts.values() if f.correlation})
    by_key = _by_key(connection, facts, places)
    by_words = _by_words(connection, {one: fact for one, fact in facts.items() if fact.backfilled}, places, by_key)
    changes: dict[int, dict[str, object]] = {}
    ours: set[Placed] = set()
    for one, fact in facts.items():
        conversation_id = places[one.place].id
        same_key = by_key.get((conversation_id, fact.message_key))
        reply = by_correlation.get((conversation_id, fact.correlation)) or same_key
        reply = reply or by_words.get((conversation_id, fact.message_key))
        if reply is None or reply.correlation is None:
            continue
        ours.add(one)
        other = None if same_key is None or same_key.id == reply.id else same_key
        changes[reply.id] = _confirmed(connection, reply, fact, other)
    _update(connection, list(changes.values()))
    move_up(connection, {places[one.place].id for one in ours})
    return ours


def _confirmed(connection: Connection, reply: AnyRow, fact: MessageFact, other: AnyRow | None) -> dict[str, object]:
    """Return what changes in `reply`; `other` is another row that has the echo's id."""
    # What was found afterwards tells its time in whole seconds: that would move a reply in front of its question.
    sent_at_ms = reply.sent_at_ms if fact.backfilled else fact.sent_at_ms
    values = {"_id": reply.id, "key": fact.message_key, "sent_at_ms": sent_at_ms}
    state = after_echo(SendState(reply.state))
    if other is not None and made_by_echo(other):
        state = further(state, absorb(connection, other).state)
    elif other is not None:
        values["key"] = reply.key  # two replies are two messages: the id stays with whose it was
    return values | {"state": state}


@dataclass(frozen=True, slots=True)
class Absorbed:
    """What the removed row knew."""

    state: SendState
    sent_at_ms: int


def outbound_with_key(connection: Connection, conversation_id: int, key: str) -> AnyRow | None:
    """Return the message of ours that has the platform's id `key`."""
    query = _COLUMNS.where(messages.c.conversation_id == conversation_id, _OUTBOUND, messages.c.key == key)
    return connection.execute(query).first()


def made_by_echo(row: AnyRow) -> bool:
    """Whether an echo made the row, so that the platform would tell of it again; nobody wrote it here."""
    return row.author == Author.ELSEWHERE and row.correlation is None


def absorb(connection: Connection, row: AnyRow) -> Absorbed:
    """Remove the row that an echo made for a message which proves to be a reply of ours."""
    connection.execute(delete(messages).where(messages.c.id == row.id))
    return Absorbed(SendState(row.state), row.sent_at_ms)


def _by_correlation(connection: Connection, wanted: set[str]) -> dict[tuple[int, str], AnyRow]:
    rows = fetch(connection, _BY_CORRELATION, {"among": wanted})
    return {(row.conversation_id, row.correlation): row for row in rows}


def _by_key(
    connection: Connection, facts: dict[Placed, MessageFact], places: dict[Place, ConversationRow]
) -> dict[tuple[int, str], AnyRow]:
    in_conversations = {places[one.place].id for one in facts}
    keys = {fact.message_key for fact in facts.values()}
    rows = fetch(connection, _BY_KEY, {"among": keys, "conversations": in_conversations})
    return {(row.conversation_id, row.key): row for row in rows}


def _by_words(
    connection: Connection,
    facts: dict[Placed, MessageFact],
    places: dict[Place, ConversationRow],
    by_key: dict[tuple[int, str], AnyRow],
) -> dict[tuple[int, str], AnyRow]:
    """Return the unknown replies that were found, by conversation and the platform's id."""
    found = [
        FoundReply(fact.message_key, conversation_id, fact.text, fact.sent_at_ms)
        for one, fact in facts.items()
        if ((conversation_id := places[one.place].id), fact.message_key) not in by_key
    ]
    if not found:
        return {}
    rows = fetch(connection, _WITHOUT_KEY, {"conversations": {each.conversation_id for each in found}})
    by_id = {row.id: row for row in rows}
    ours = [OwnReply(row.id, row.conversation_id, row.text, SendState(row.state), row.sent_at_ms) for row in rows]
    return {place: by_id[reply_id] for place, reply_id in recognised(found, ours).items()}


def _update(connection: Connection, rows: list[dict[str, object]]) -> None:
    if rows:
        connection.execute(_CONFIRM, rows)
