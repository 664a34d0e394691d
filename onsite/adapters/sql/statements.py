"""Runs statements that were made once, when their module was loaded: many values or many rows in one call.

What a statement says is SQLAlchemy's, in any dialect. How it is run depends on where the database is. SQLite is in this
very process and answers within microseconds, a tenth of the time that SQLAlchemy takes to ask: there the driver is
handed the statement's text itself (docs/decisions/0033). A server is asked through SQLAlchemy, which sends many rows in
one go, as there the way is what takes time.

The rule: values and columns need no conversion (int, float, str, bytes, None). Statements are constants, as each is
kept for good once it was run.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, Protocol, TypeAlias

from sqlalchemy import Boolean, ColumnElement, Connection, bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import ExecutableReturnsRows

_SQLITE = sqlite.dialect(paramstyle="qmark")

Values: TypeAlias = Mapping[str, Any]


class AnyRow(Protocol):
    """A row of whatever columns, each by its name."""

    def __getattr__(self, name: str) -> Any:
        """Return a column's value."""

    def __iter__(self) -> Iterator[Any]:
        """Go through the values in the order of the columns."""


def among(column: ColumnElement[Any], name: str = "among") -> ColumnElement[bool]:
    """Say in a statement that `column` is one of the values that come as a list under `name` when it is run.

    A list is one value, however long: so the statement's text is always the same.
    """
    return _Among(column, bindparam(name))


def fetch(connection: Connection, statement: ExecutableReturnsRows, values: Values) -> Sequence[AnyRow]:
    """Run a statement with these values by name, where a list is for `among`; returns its rows, if it has any."""
    if connection.dialect.name != _SQLITE.name:
        result = connection.execute(statement, {name: _listed(value) for name, value in values.items()})
        return result.all() if result.returns_rows else []
    return _fetch_plainly(connection, _plain(statement), [values])


def fetch_each(connection: Connection, statement: ExecutableReturnsRows, rows: Sequence[Values]) -> Sequence[AnyRow]:
    """Run a statement for each of `rows`, which all have the same columns; returns all rows that it returns."""
    if not rows:
        return []
    if connection.dialect.name != _SQLITE.name:
        return connection.execute(statement, list(rows)).all()
    return _fetch_plainly(connection, _plain(statement, tuple(rows[0])), rows)


class _Among(FunctionElement[bool]):
    """`column`, `values`: each dialect has its own way to look a value up in a list."""

    type = Boolean()
    inherit_cache = True


@compiles(_Among, "sqlite")
def _among_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  both are made by SQLAlchemy


@compiles(_Among, "postgresql")
def _among_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY({values})"


class _Plain(NamedTuple):
    """A statement in the driver's words."""

    text: str
    names: tuple[str, ...]
    """Of its values, in the order in which they stand in `text`; one may stand there twice."""
    constants: Values

    def arguments(self, values: Values) -> list[Any]:
        """Put the values in order."""
        known = {**self.constants, **values}
        return [_in_json(known[name]) for name in self.names]


@cache
def _plain(statement: ExecutableReturnsRows, columns: tuple[str, ...] | None = None) -> _Plain:
    compiled: Any = statement.compile(dialect=_SQLITE, column_keys=columns)
    return _Plain(str(compiled), tuple(compiled.positiontup or ()), compiled.params)


@cache
def _row_type(names: tuple[str, ...]) -> Any:
    return NamedTuple("Row", [(name, Any) for name in names])


def _fetch_plainly(connection: Connection, plain: _Plain, rows: Sequence[Values]) -> Sequence[AnyRow]:
    cursor = connection.connection.cursor()
    found: list[Any] = []
    for values in rows:
        cursor.execute(plain.text, plain.arguments(values))
        found += cursor.fetchall()
    if not found:
        return []
    row = _row_type(tuple(column[0] for column in cursor.description or ()))
    return list(map(row._make, found))


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, Collection) and not isinstance(value, str | bytes) else value


def _in_json(value: Any) -> Any:
    return json.dumps(list(value)) if isinstance(value, list | set | frozenset) else value
