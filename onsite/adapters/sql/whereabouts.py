"""Keeps where a conversation stands with its platform: whether anything can be said in it, and where it goes on."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, update

from onsite.adapters.sql.conversation_rows import ConversationRow
from onsite.adapters.sql.placing import Place, Placed
from onsite.adapters.sql.tables import conversations
from onsite.core.model import MoveFact, ReachFact

_THIS = conversations.c.id == bindparam("_id")
_REACH = (
    update(conversations)
    # What is told late changes nothing.
    .where(_THIS, conversations.c.reach_at_ms <= bindparam("_at"))
    .values(reachable=bindparam("_reachable"), reach_at_ms=bindparam("_at"))
)
_MOVE = update(conversations).where(_THIS).values(moved_to_key=bindparam("_to"))


def note_whereabouts(connection: Connection, placed: Sequence[Placed], places: dict[Place, ConversationRow]) -> None:
    """Apply what `placed` says of conversations that are here."""
    here = [(places[one.place].id, one.fact) for one in placed if one.place in places]
    reaches = [
        {"_id": row_id, "_at": fact.at_ms, "_reachable": int(fact.reachable)}
        for row_id, fact in here
        if isinstance(fact, ReachFact)
    ]
    moves = [{"_id": row_id, "_to": fact.to_key} for row_id, fact in here if isinstance(fact, MoveFact)]
    if reaches:
        connection.execute(_REACH, reaches)
    if moves:
        connection.execute(_MOVE, moves)
