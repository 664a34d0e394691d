"""Whether the database can do its work, looked at beside a running site: it is left as it was found."""

from sqlalchemy import Connection, update

from onsite.adapters.sql.database import Database
from onsite.adapters.sql.migrate import check_revision
from onsite.adapters.sql.owner import is_foreign, tables_of, whose
from onsite.adapters.sql.tables import channels
from onsite.engine.errors import StoreUnavailable

NOBODY = -1


async def check_database(database: Database) -> str:
    """Return how it keeps what it is given, in a word. Raises StoreUnavailable, also for another program's."""
    await database.read(_check_owner)
    await database.read(check_revision)
    return await database.write(_write_nothing)


def _check_owner(connection: Connection) -> None:
    tables = tables_of(connection)
    if is_foreign(tables):
        raise StoreUnavailable(whose(tables))
    if not tables:
        raise StoreUnavailable("it holds no tables yet: `onsite run` makes them at its first start")


def _write_nothing(connection: Connection) -> str:
    """Take the lock and change no row; on SQLite tell the journal's mode."""
    connection.execute(update(channels).where(channels.c.id == NOBODY).values(name=""))
    if connection.dialect.name != "sqlite":
        return connection.dialect.name
    return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
