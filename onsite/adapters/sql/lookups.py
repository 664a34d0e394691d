"""Finding many rows by their keys in few statements. Not what is done with them."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam

CHUNK = 5000
"""Values in one `IN (…)`: well below the number of parameters that SQLite (32766) and PostgreSQL (65535) allow."""

AnyRow = Row[*tuple[Any, ...]]
"""A row of whatever columns."""

AnySelect = Select[*tuple[Any, ...]]
"""A query for whatever columns."""

_Item = TypeVar("_Item")


def among(column: ColumnElement[Any], name: str = "among") -> ColumnElement[bool]:
    """Say in a statement that `column` is one of the values that come under `name` when it is run.

    So the statement can be made once: to make one takes SQLAlchemy longer than SQLite takes to run it.
    """
    return column.in_(bindparam(name, expanding=True))


def rows_among(
    connection: Connection, query: AnySelect, values: Collection[Any], **others: Collection[Any]
) -> Sequence[AnyRow]:
    """Run a query that says `among(…)` for these values, however many; `others` are its few further values by name."""
    found: list[AnyRow] = []
    for chunk in chunks(values):
        found += connection.execute(query, {"among": chunk, **others}).all()
    return found


def chunks(values: Collection[_Item]) -> Iterator[list[_Item]]:
    """Take many values apart so that each part fits in one `IN (…)`."""
    remaining = iter(values)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk
