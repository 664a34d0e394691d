"""Finding many rows by their keys in few statements. Not what is done with them."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection

CHUNK = 5000
"""Values in one `IN (…)`: well below the number of parameters that SQLite (32766) and asyncpg (32767) allow."""

AnyRow = Row[*tuple[Any, ...]]
"""A row of whatever columns."""

AnySelect = Select[*tuple[Any, ...]]
"""A query for whatever columns."""

_Item = TypeVar("_Item")


async def rows_where_in(
    connection: AsyncConnection, select: AnySelect, column: ColumnElement[Any], values: Collection[Any]
) -> Sequence[AnyRow]:
    """Run `select` for the rows whose `column` is among `values`."""
    found: list[AnyRow] = []
    for chunk in chunks(values):
        found += (await connection.execute(select.where(column.in_(chunk)))).all()
    return found


def chunks(values: Collection[_Item]) -> Iterator[list[_Item]]:
    """Take many values apart so that each part fits in one `IN (…)`."""
    remaining = iter(values)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk
