"""The tables and their history agree, and a database of a newer release is left alone."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select, text

from onsite.adapters.sql.database import Database, open_database
from onsite.adapters.sql.migrate import _upgrade, upgrade
from onsite.adapters.sql.reader import SqlReader
from onsite.adapters.sql.tables import gaps, metadata
from onsite.engine.errors import StoreUnavailable
from shared.errors import UserError
from tests.integration.onsite.store import Store, on_both_databases


@on_both_databases
async def test_a_fresh_database_has_exactly_the_tables_that_the_code_declares(database: Database) -> None:
    differences = await database.read(
        lambda connection: compare_metadata(MigrationContext.configure(connection), metadata)
    )

    assert differences == []


async def test_upgrading_twice_changes_nothing(database: Database) -> None:
    await upgrade(database)

    query = text("SELECT version_num FROM alembic_version")
    assert await database.read(lambda connection: connection.execute(query).scalars().all()) == ["0005"]


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


STATES = ("waiting", "stopped", "done", "merged")


@on_both_databases
async def test_gaps_of_the_release_before_keep_their_state_and_get_an_end(database: Database) -> None:
    def as_before(connection: Connection) -> None:
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
        _upgrade(connection, to="0002")
        connection.execute(
            text(
                "INSERT INTO channels (id, platform, external_id, name, state, sentence) "
                "VALUES (1, 'facebook', '1122', '', 'ok', '')"
            )
        )
        rows = [{"id": number, "until": 1000 * number, "state": state} for number, state in enumerate(STATES, start=1)]
        into = "gaps (id, channel_id, since_ms, until_ms, reason, state)"
        connection.execute(text(f"INSERT INTO {into} VALUES (:id, 1, 1, :until, '', :state)"), rows)  # noqa: S608  a constant

    await database.write(as_before)
    await upgrade(database)

    query = select(gaps.c.state, gaps.c.not_before_ms, gaps.c.ended_at_ms).order_by(gaps.c.id)
    assert await database.read(lambda connection: [tuple(row) for row in connection.execute(query)]) == [
        ("waiting", 0, None),
        ("stopped", 0, None),
        ("done", 0, 3000),
        ("merged", 0, 4000),
    ]
