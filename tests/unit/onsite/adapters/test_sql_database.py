"""Which errors of a driver are trouble of the database, so that the batch waits, and which are about what it holds."""

import sqlite3
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError

from onsite.adapters.sql.database import _as_unavailable
from onsite.engine.errors import StoreUnavailable

Postgres: Any = AsyncAdapt_asyncpg_dbapi


def through_sqlalchemy(error: Exception, base: type[Exception]) -> BaseException:
    """Wrap a driver's error as SQLAlchemy does."""
    return DBAPIError.instance("INSERT INTO messages …", {}, error, base, hide_parameters=True)


def from_sqlite(error: sqlite3.Error) -> BaseException:
    return through_sqlalchemy(error, sqlite3.Error)


def from_postgres(kind: str, sqlstate: str) -> BaseException:
    error = getattr(Postgres, kind)("in the server's words", SimpleNamespace(sqlstate=sqlstate, detail=None))
    return through_sqlalchemy(error, Postgres.Error)


def raise_inside(error: BaseException) -> None:
    with _as_unavailable():
        raise error


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(from_sqlite(sqlite3.OperationalError("database is locked")), id="sqlite: locked"),
        pytest.param(from_sqlite(sqlite3.OperationalError("disk I/O error")), id="sqlite: I/O error"),
        pytest.param(from_sqlite(sqlite3.OperationalError("database or disk is full")), id="sqlite: full"),
        pytest.param(
            from_sqlite(sqlite3.OperationalError("attempt to write a readonly database")), id="sqlite: read-only"
        ),
        pytest.param(from_sqlite(sqlite3.DatabaseError("database disk image is malformed")), id="sqlite: damaged"),
        pytest.param(from_sqlite(sqlite3.InternalError("unforeseen")), id="sqlite: internal"),
        pytest.param(from_postgres("Error", "55P03"), id="postgresql: lock_timeout"),
        pytest.param(from_postgres("Error", "57014"), id="postgresql: statement_timeout"),
        pytest.param(from_postgres("Error", "53100"), id="postgresql: disk full"),
        pytest.param(from_postgres("Error", "53300"), id="postgresql: too many connections"),
        pytest.param(from_postgres("Error", "40P01"), id="postgresql: deadlock"),
        pytest.param(from_postgres("Error", "57P01"), id="postgresql: shut down by its administrator"),
        pytest.param(from_postgres("Error", "25006"), id="postgresql: read-only"),
        pytest.param(from_postgres("Error", "28P01"), id="postgresql: password refused"),
        pytest.param(from_postgres("InternalServerError", "XX000"), id="postgresql: internal"),
        pytest.param(from_postgres("InterfaceError", ""), id="postgresql: connection closed"),
        pytest.param(ConnectionRefusedError(), id="nobody listens"),
        pytest.param(MemoryError(), id="out of memory"),
    ],
)
def test_whatever_is_not_surely_about_content_is_trouble_of_the_database(error: BaseException) -> None:
    with pytest.raises(StoreUnavailable):
        raise_inside(error)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(from_sqlite(sqlite3.IntegrityError("NOT NULL constraint failed")), id="sqlite: constraint"),
        pytest.param(from_sqlite(sqlite3.DataError("string or blob too big")), id="sqlite: too big"),
        pytest.param(from_sqlite(sqlite3.ProgrammingError("Error binding parameter")), id="sqlite: no such type"),
        pytest.param(from_sqlite(sqlite3.NotSupportedError("unforeseen")), id="sqlite: not supported"),
        pytest.param(from_postgres("NotNullViolationError", "23502"), id="postgresql: constraint"),
        pytest.param(from_postgres("Error", "22021"), id="postgresql: NUL in a text"),
        pytest.param(from_postgres("Error", "22000"), id="postgresql: value that asyncpg cannot write"),
        pytest.param(from_postgres("Error", "22003"), id="postgresql: number out of range"),
        pytest.param(from_postgres("Error", "54000"), id="postgresql: key too long for its index"),
        pytest.param(from_postgres("ProgrammingError", "42804"), id="postgresql: type mismatch"),
        pytest.param(ZeroDivisionError(), id="a fault of ours"),
    ],
)
def test_what_is_about_content_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        raise_inside(error)

    assert caught.value is error
