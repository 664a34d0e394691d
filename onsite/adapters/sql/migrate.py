"""Brings the database to this release's tables at start; refuses a newer release's, and another program's.

Each migration runs in the one transaction of `upgrade`: a crash half-way leaves the database as it was.
"""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from onsite.adapters.sql.database import Database
from onsite.adapters.sql.owner import is_foreign, tables_of, whose
from onsite.engine.errors import StoreUnavailable
from shared.errors import UserError

_MIGRATIONS = Path(__file__).parents[1] / "migrations"


async def upgrade(database: Database) -> None:
    """Run the migrations that are missing. Raises UserError for a database of a newer release or another program."""
    await database.write(_upgrade)


def check_revision(connection: Connection) -> None:
    """Raise StoreUnavailable unless the database has the tables of this release."""
    current = MigrationContext.configure(connection).get_current_revision()
    if current != _newest_revision():
        raise StoreUnavailable(f"the database is at revision {current}, this release needs another one")


def _upgrade(connection: Connection, *, to: str = "head") -> None:
    tables = tables_of(connection)
    if is_foreign(tables):
        raise UserError(
            f"the database is left as it is: {whose(tables)}. Name one of the site's own in ONSITE_DATABASE_URL"
        )
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {script.revision for script in _scripts().walk_revisions()}:
        raise UserError(
            f"the database was changed by a newer release (its revision {current} is unknown to this one):"
            " start that release again, or restore a backup from before the upgrade"
        )
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


@cache
def _newest_revision() -> str | None:
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
