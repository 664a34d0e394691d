"""Finds the channels of a batch, and makes those that nobody has set up: nothing that arrives may be lost for that."""

from collections.abc import Set as AbstractSet

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from onsite.adapters.sql.inserts import insert_new
from onsite.adapters.sql.lookups import rows_where_in
from onsite.adapters.sql.tables import channels
from onsite.core.model import Platform
from onsite.engine.channels import UNARMED, ChannelRef, ChannelState

_FOUND = (channels.c.platform, channels.c.external_id, channels.c.id)


async def ensure_channels(connection: AsyncConnection, refs: AbstractSet[ChannelRef]) -> dict[ChannelRef, int]:
    """Return the id of each channel; one that was removed or never set up is there again, without a token."""
    rows = await rows_where_in(
        connection, select(*_FOUND, channels.c.state), channels.c.external_id, {ref.external_id for ref in refs}
    )
    known = {ref: row for row in rows if (ref := ChannelRef(Platform(row.platform), row.external_id)) in refs}
    await _bring_back(connection, [row.id for row in known.values() if row.state == ChannelState.REMOVED])
    ids = {ref: int(row.id) for ref, row in known.items()}
    return ids | await _add(connection, sorted(refs - known.keys(), key=lambda ref: ref.external_id))


async def _add(connection: AsyncConnection, refs: list[ChannelRef]) -> dict[ChannelRef, int]:
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
    added = await insert_new(connection, channels, rows, *_FOUND)
    return {ChannelRef(Platform(row.platform), row.external_id): int(row.id) for row in added}


async def _bring_back(connection: AsyncConnection, removed: list[int]) -> None:
    if removed:
        await connection.execute(
            update(channels).where(channels.c.id.in_(removed)).values(state=ChannelState.NO_TOKEN, sentence=UNARMED)
        )
