"""The tables and their history agree, and a database of a newer release is left alone."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from onsite.adapters.sql.database import Database, open_database
from onsite.adapters.sql.migrate import upgrade
from onsite.adapters.sql.reader import SqlReader
from onsite.adapters.sql.tables import metadata
from onsite.engine.errors import StoreUnavailable
from shared.errors import UserError
from tests.integration.onsite.store import Store


async def test_a_fresh_database_has_exactly_the_tables_that_the_code_declares(database: Database) -> None:
    differences = await database.read(
        lambda connection: compare_metadata(MigrationContext.configure(connection), metadata)
    )

    assert differences == []


async def test_upgrading_twice_changes_nothing(database: Database) -> None:
    await upgrade(database)

    query = text("SELECT version_num FROM alembic_version")
    assert await database.read(lambda connection: connection.execute(query).scalars().all()) == ["0002"]


async def test_a_database_of_a_newer_release_is_refused_in_words_and_not_touched(store: Store) -> None:
    of_a_newer = text("UPDATE alembic_version SET version_num = '9999'")
    await store.database.write(lambda connection: connection.execute(of_a_newer))

    with pytest.raises(UserError, match=r"changed by a newer release .*9999.* restore a backup"):
        await upgrade(store.database)
    with pytest.raises(StoreUnavailable, match="revision 9999"):
        await store.reader.check()


async def test_a_database_without_tables_is_not_ready(tmp_path: Path) -> None:
    database = open_database(None, tmp_path)
    try:
        with pytest.raises(StoreUnavailable, match="revision None"):
            await SqlReader(database).check()
    finally:
        await database.close()
