"""Completes messages that were found by reading a conversation, when their webhook comes after all.

Both are one message, by its id. Only the webhook tells the millisecond, a button's payload and all of an attachment;
that the message was found first stays marked (docs/decisions/0038).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, update

from onsite.adapters.sql.statements import fetch
from onsite.adapters.sql.tables import attachments, messages

TOLD = ("kind", "sent_at_ms", "text", "payload", "label", "reply_to_key", "details")
"""What a webhook tells of a message at least as well as reading does."""

_KEY = ("conversation_id", "direction", "key")
_COMPLETE = (
    update(messages)
    .where(*(messages.c[name] == bindparam(f"_{name}") for name in _KEY), messages.c.backfilled == 1)
    .values({name: bindparam(name) for name in TOLD})
    .returning(messages.c.id)
)


def complete_found(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[Any, ...], int]:
    """Write into those messages of `rows` that were found first what their webhooks tell.

    Returns their ids by conversation, direction and key.
    """
    completed: dict[tuple[Any, ...], int] = {}
    for row in rows:
        values = {name: row[name] for name in TOLD} | {f"_{name}": row[name] for name in _KEY}
        completed |= {tuple(row[name] for name in _KEY): found.id for found in fetch(connection, _COMPLETE, values)}
    return completed


def forget_attachments(connection: Connection, message_ids: Sequence[int]) -> None:
    """Make room for those that a webhook tells."""
    if message_ids:
        connection.execute(delete(attachments).where(attachments.c.message_id.in_(message_ids)))
