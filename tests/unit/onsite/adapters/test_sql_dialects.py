"""The same tables and statements for PostgreSQL: nothing of SQLite's own has crept in."""

from typing import Any

import pytest
from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import registry
from sqlalchemy.schema import CreateIndex, CreateTable

from onsite.adapters.sql.inserts import _INSERTS
from onsite.adapters.sql.tables import metadata

POSTGRESQL: Dialect = registry.load("postgresql.psycopg")()
SQLITE: Dialect = registry.load("sqlite")()


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_every_table_can_be_made_in_postgresql(table: Table[Any]) -> None:
    dialect = POSTGRESQL

    assert "BIGSERIAL" in str(CreateTable(table).compile(dialect=dialect))
    for index in table.indexes:
        assert f"INDEX {index.name} ON {table.name}" in str(CreateIndex(index).compile(dialect=dialect))


@pytest.mark.parametrize("dialect", [POSTGRESQL, SQLITE], ids=["postgresql", "sqlite"])
def test_rows_that_exist_are_skipped_in_both(dialect: Dialect) -> None:
    insert = _INSERTS[dialect.name](metadata.tables["events"]).on_conflict_do_nothing()

    assert "ON CONFLICT DO NOTHING" in str(insert.compile(dialect=dialect))
