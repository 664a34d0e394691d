"""Finds the channels of a batch, and makes those that nobody has set up: nothing that arrives may be lost for that."""

from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, select, update

from onsite.adapters.sql.inserts import insert_new
from onsite.adapters.sql.statements import among, fetch
from onsite.adapters.sql.tables import channels
from onsite.core.model import Platform
from onsite.engine.channels import UNARMED, ChannelRef, ChannelState

_FOUND = (channels.c.platform, channels.c.external_id, channels.c.id)
_FIND = select(*_FOUND, channels.c.state).where(among(channels.c.external_id))
_BRING_BACK = update(channels).where(among(channels.c.id)).values(state=ChannelState.NO_TOKEN, sentence=UNARMED)


def ensure_channels(connection: Connection, refs: AbstractSet[ChannelRef]) -> dict[ChannelRef, int]:
    """Return the id of each channel; one that was removed or never set up is there again, without a token."""
    rows = fetch(connection, _FIND, {"among": {ref.external_id for ref in refs}})
    known = {ref: row for row in rows if (ref := ChannelRef(Platform(row.platform), row.external_id)) in refs}
    _bring_back(connection, [row.id for row in known.values() if row.state == ChannelState.REMOVED])
    ids = {ref: int(row.id) for ref, row in known.items()}
    return ids | _add(connection, sorted(refs - known.keys(), key=lambda ref: ref.external_id))


def _add(connection: Connection, refs: list[ChannelRef]) -> dict[ChannelRef, int]:
    rows = [
        {
            "platform": ref.platform,
            "external_id": ref.external_id,
            "name": "",
            "state": ChannelState.NO_TOKEN,
            "sentence": UNARMED,
        }
        for ref in refs
    ]
    added = insert_new(connection, channels, rows, *_FOUND)
    return {ChannelRef(Platform(row.platform), row.external_id): int(row.id) for row in added}


def _bring_back(connection: Connection, removed: list[int]) -> None:
    if removed:
        fetch(connection, _BRING_BACK, {"among": removed})
