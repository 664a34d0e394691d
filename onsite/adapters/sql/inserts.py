"""`INSERT … ON CONFLICT DO NOTHING`, which both databases know and SQLAlchemy spells once per dialect. No other SQL."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from onsite.adapters.sql.statements import AnyRow, fetch_each

_INSERTS: dict[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def insert_new(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *returning: Column[Any]
) -> Sequence[AnyRow]:
    """Insert those of `rows` that offend no unique key.

    Returns the columns `returning` of the rows that went in, in no certain order.
    """
    return fetch_each(connection, _statement(connection.dialect.name, table, returning), rows)


@cache
def _statement(dialect: str, table: Table, returning: tuple[Column[Any], ...]) -> ReturningInsert[*tuple[Any, ...]]:
    return _INSERTS[dialect](table).on_conflict_do_nothing().returning(*returning)
