"""Adds messages, their attachments, and a row for each content that is to be fetched.

A message that is there already, by the platform's id, is left as it is; but for one that was found before its webhook
came: that tells more (`adapters.sql.found_rows`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from sqlalchemy import Connection

from onsite.adapters.sql.conversation_rows import ConversationRow, move_up
from onsite.adapters.sql.details import details_to_text
from onsite.adapters.sql.found_rows import complete_found, forget_attachments
from onsite.adapters.sql.inserts import insert_new
from onsite.adapters.sql.placing import Place, Placed
from onsite.adapters.sql.tables import attachments, media, messages
from onsite.core.media.states import MediaState
from onsite.core.media.wanted import is_wanted
from onsite.core.model import Attachment, Direction, MessageFact
from onsite.core.sending import SendState

_KEY = (messages.c.conversation_id, messages.c.direction, messages.c.key)

_PLACE = (attachments.c.message_id, attachments.c.position)

_ATTACHMENT_FIELDS = tuple(field.name for field in fields(Attachment))


class Added(NamedTuple):
    """How many rows went in."""

    messages: int
    media: int


def add_messages(
    connection: Connection,
    placed: Sequence[Placed],
    places: dict[Place, ConversationRow],
    contacts: dict[Place, int],
) -> Added:
    """Insert the messages that `placed` states."""
    facts: dict[tuple[int, str, str], MessageFact] = {}
    rows: list[dict[str, Any]] = []
    for one in placed:
        if not isinstance(one.fact, MessageFact):
            continue
        conversation_id = places[one.place].id
        key = (conversation_id, str(one.fact.direction), one.fact.message_key)
        if key not in facts:
            facts[key] = one.fact
            contact_id = contacts[one.channel_id, one.fact.person.key] if one.fact.person is not None else None
            rows.append(_row(one.fact, conversation_id, contact_id))
    added = insert_new(connection, messages, rows, messages.c.id, *_KEY)
    ids = {(row.conversation_id, row.direction, row.key): row.id for row in added}
    known = [row for row in rows if not row["backfilled"] and _key_of(row) not in ids]
    completed = complete_found(connection, known)
    told = {key: message_id for key, message_id in completed.items() if facts[key].attachments}
    forget_attachments(connection, list(told.values()))
    move_up(connection, {conversation_id for conversation_id, _, _ in ids | completed})
    of_messages = {message_id: facts[key].attachments for key, message_id in (ids | told).items()}
    return Added(len(added), _add_attachments(connection, of_messages))


def _key_of(row: dict[str, Any]) -> tuple[int, str, str]:
    return row["conversation_id"], str(row["direction"]), row["key"]


def _row(fact: MessageFact, conversation_id: int, contact_id: int | None) -> dict[str, Any]:
    outbound = fact.direction is Direction.OUTBOUND
    return {
        "conversation_id": conversation_id,
        "key": fact.message_key,
        "direction": fact.direction,
        "author": fact.author,
        "contact_id": contact_id,
        "kind": fact.kind,
        "sent_at_ms": fact.sent_at_ms,
        "text": fact.text,
        "payload": fact.payload,
        "label": fact.label,
        "reply_to_key": fact.reply_to_key,
        "change": fact.change,
        "about_key": fact.about_key,
        "details": details_to_text(fact.details),
        "backfilled": int(fact.backfilled),
        # An echo exists because the platform took the message.
        "state": SendState.SENT if outbound else None,
    }


def _add_attachments(connection: Connection, of_messages: Mapping[int, tuple[Attachment, ...]]) -> int:
    """Insert them, and a row for each that is to be fetched; returns how many those are."""
    rows = [
        {
            "message_id": message_id,
            "position": position,
            **{name: getattr(attachment, name) for name in _ATTACHMENT_FIELDS},
        }
        for message_id, theirs in of_messages.items()
        for position, attachment in enumerate(theirs)
    ]
    if not rows:
        return 0
    added = insert_new(connection, attachments, rows, attachments.c.id, *_PLACE)
    wanted = [each.id for each in added if is_wanted(of_messages[each.message_id][each.position])]
    insert_new(connection, media, [{"attachment_id": each, "state": MediaState.PENDING} for each in wanted], media.c.id)
    return len(wanted)
