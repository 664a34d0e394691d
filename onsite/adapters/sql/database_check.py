"""Whether the database can do its work, looked at beside a running site: it is left as it was found."""

from pathlib import Path

from sqlalchemy import Connection, update

from onsite.adapters.sql.database import Database
from onsite.adapters.sql.migrate import check_revision
from onsite.adapters.sql.tables import channels

NOBODY = -1


async def check_database(database: Database) -> str:
    """Return how it keeps what it is given, in a word. Raises StoreUnavailable."""
    await database.read(check_revision)
    return await database.write(_write_nothing)


def _write_nothing(connection: Connection) -> str:
    """Take the lock and change no row; on SQLite tell the journal's mode."""
    connection.execute(update(channels).where(channels.c.id == NOBODY).values(name=""))
    if connection.dialect.name != "sqlite":
        return connection.dialect.name
    return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())


def nearest_folder(path: Path) -> Path:
    """Return the folder, or the one above it that is there, to ask how much room it has."""
    return path if path.exists() or path.parent == path else nearest_folder(path.parent)
