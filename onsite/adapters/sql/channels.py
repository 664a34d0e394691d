"""Keeps channels, and their credentials under the vault's seal."""

from typing import Any

from sqlalchemy import Connection, insert, select, update

from onsite.adapters.sql.database import Database
from onsite.adapters.sql.statements import AnyRow
from onsite.adapters.sql.tables import channels
from onsite.adapters.sql.transactions import SqlStore, reading, writing
from onsite.core.errors import ChannelNotFound
from onsite.core.model import Platform
from onsite.engine.channels import Channel, ChannelRef, ChannelState, Credentials
from shared.vault import Vault

_HERE = channels.c.state != ChannelState.REMOVED


class SqlChannels(SqlStore):
    """Implements `ChannelStore`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        super().__init__(database)
        self.vault = vault
        """What seals the credentials, and opens them."""

    @reading
    def channels(self, connection: Connection) -> list[Channel]:
        """List all that are not removed, in the order in which they came."""
        rows = connection.execute(select(channels).where(_HERE).order_by(channels.c.id))
        return [_channel(row) for row in rows]

    @reading
    def channel(self, connection: Connection, channel_id: int) -> Channel:
        """Return one. Raises ChannelNotFound."""
        return _channel(_row(connection, channel_id))

    @writing
    def save_channel(self, connection: Connection, ref: ChannelRef, *, name: str, credentials: Credentials) -> Channel:
        """Add a channel, or give the one that exists new credentials."""
        values: dict[str, Any] = {
            "sealed_token": self.vault.seal(credentials.token),
            "sealed_proof": None if credentials.proof is None else self.vault.seal(credentials.proof),
            "state": ChannelState.OK,
            "sentence": "",
        }
        mine = (channels.c.platform == ref.platform, channels.c.external_id == ref.external_id)
        found = connection.execute(select(channels).where(*mine)).first()
        if found is None:
            new = {"platform": ref.platform, "external_id": ref.external_id, "name": name}
            connection.execute(insert(channels).values(**new, **values))
        else:
            connection.execute(update(channels).where(*mine).values(name=name or found.name, **values))
        return _channel(connection.execute(select(channels).where(*mine)).one())

    @writing
    def remove_channel(self, connection: Connection, channel_id: int) -> None:
        """Erase the credentials and take the channel off the list. Raises ChannelNotFound."""
        _row(connection, channel_id)
        gone = {"sealed_token": None, "sealed_proof": None, "state": ChannelState.REMOVED, "sentence": ""}
        # The offset goes too: Telegram's numbers may have moved on by the time the bot comes back.
        connection.execute(update(channels).where(channels.c.id == channel_id).values(**gone, next_offset=None))

    @writing
    def set_health(
        self,
        connection: Connection,
        channel_id: int,
        state: ChannelState,
        sentence: str,
        *,
        only_from: frozenset[ChannelState] | None = None,
    ) -> bool:
        """Write a channel's health, unless it is removed or not in one of the states `only_from`."""
        query = update(channels).where(channels.c.id == channel_id, _HERE)
        if only_from is not None:
            query = query.where(channels.c.state.in_(only_from))
        return bool(connection.execute(query.values(state=state, sentence=sentence)).rowcount)

    @reading
    def credentials(self, connection: Connection, channel_id: int) -> Credentials | None:
        """Open a channel's credentials; None when it has none. Raises VaultError, ChannelNotFound."""
        row = _row(connection, channel_id)
        if row.sealed_token is None:
            return None
        proof = None if row.sealed_proof is None else self.vault.open(row.sealed_proof)
        return Credentials(self.vault.open(row.sealed_token), proof)

    @reading
    def next_offset(self, connection: Connection, channel_id: int) -> int | None:
        """Return where the next poll begins. Raises ChannelNotFound."""
        offset: int | None = _row(connection, channel_id).next_offset
        return offset


def _row(connection: Connection, channel_id: int) -> AnyRow:
    row = connection.execute(select(channels).where(channels.c.id == channel_id, _HERE)).first()
    if row is None:
        raise ChannelNotFound(f"there is no channel {channel_id}; `onsite channel list` shows them")
    return row


def _channel(row: AnyRow) -> Channel:
    return Channel(
        id=row.id,
        ref=ChannelRef(Platform(row.platform), row.external_id),
        name=row.name,
        state=ChannelState(row.state),
        sentence=row.sentence,
        has_token=row.sealed_token is not None,
    )
