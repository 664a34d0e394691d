"""`INSERT … ON CONFLICT DO NOTHING`, which both databases know and SQLAlchemy spells once per dialect. No other SQL."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from onsite.adapters.sql.lookups import AnyRow

_INSERTS: dict[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


async def insert_new(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], *returning: Column[Any]
) -> Sequence[AnyRow]:
    """Insert those of `rows` that offend no unique key, in as few statements as the database's limits allow.

    Returns the columns `returning` of the rows that went in, in no certain order.
    """
    if not rows:
        return []
    insert = _INSERTS[connection.dialect.name](table).on_conflict_do_nothing().returning(*returning)
    return (await connection.execute(insert, list(rows))).all()
