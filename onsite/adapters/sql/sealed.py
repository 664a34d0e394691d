"""What is sealed in the database, and sealing it anew under the first master key: the credentials of channels.

It is found by what the columns are called: a table that gets a sealed column of its own fails a test until it is here.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from onsite.adapters.sql.database import Database
from onsite.adapters.sql.statements import AnyRow
from onsite.adapters.sql.tables import channels
from onsite.adapters.sql.transactions import SqlStore, reading, writing
from onsite.core.model import Platform
from onsite.engine.channels import ChannelRef
from onsite.engine.resealing import Part
from shared.errors import VaultError
from shared.vault import Vault

SEALED = (channels.c.sealed_token, channels.c.sealed_proof)

_HAS_SOMETHING = or_(*(column.is_not(None) for column in SEALED))


class SqlSealed(SqlStore):
    """Implements `SealedStore`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        super().__init__(database)
        self._vault = vault

    @property
    def keys(self) -> Sequence[str]:
        """Fingerprints of the keys at hand, the first one first."""
        return self._vault.fingerprints

    @reading
    def count(self, connection: Connection) -> int:
        """Count the channels that have something sealed."""
        return int(connection.execute(select(func.count()).select_from(channels).where(_HAS_SOMETHING)).scalar_one())

    @reading
    def under_which_key(self, connection: Connection) -> tuple[int, int]:
        """Count the channels whose credentials the first key opens, and those that only a later one does."""
        rows = connection.execute(select(channels).where(_HAS_SOMETHING)).all()
        first = [all(map(self._vault.is_under_first, _kept(row).values())) for row in rows]
        opened = [all(map(self._vault.opens, _kept(row).values())) for row in rows]
        return sum(first), sum(opened) - sum(first)

    @writing
    def reseal(self, connection: Connection, *, behind: int, at_most: int) -> Part:
        """Seal anew what the first key does not open."""
        query = select(channels).where(_HAS_SOMETHING, channels.c.id > behind).order_by(channels.c.id).limit(at_most)
        # On PostgreSQL another process could change a token between the two statements.
        rows = connection.execute(query.with_for_update()).all()
        unreadable, changed = [], 0
        for row in rows:
            try:
                fresh = self._fresh(row)
            except VaultError:
                unreadable.append(ChannelRef(Platform(row.platform), row.external_id))
                continue
            changed += bool(fresh)
            if fresh:
                connection.execute(update(channels).where(channels.c.id == row.id).values(fresh))
        last = rows[-1].id if len(rows) == at_most else None
        return Part(changed, len(rows) - changed - len(unreadable), unreadable, last)

    def _fresh(self, row: AnyRow) -> dict[str, Any]:
        """Return what of a row is to be written. Raises VaultError when no key opens all of it."""
        kept = _kept(row)
        fresh = {name: self._vault.reseal(sealed) for name, sealed in kept.items()}
        return {name: sealed for name, sealed in fresh.items() if sealed != kept[name]}


def _kept(row: AnyRow) -> dict[str, str]:
    return {column.name: sealed for column in SEALED if (sealed := getattr(row, column.name)) is not None}
