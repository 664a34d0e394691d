"""Which errors of a driver are trouble of the database, so that the batch waits, and which are about what it holds."""

import sqlite3

import psycopg
import pytest
from psycopg import errors as postgres
from sqlalchemy.exc import DBAPIError

from onsite.adapters.sql.database import _as_unavailable
from onsite.engine.errors import StoreUnavailable


def through_sqlalchemy(error: Exception, base: type[Exception]) -> BaseException:
    """Wrap a driver's error as SQLAlchemy does."""
    return DBAPIError.instance("INSERT INTO messages …", {}, error, base, hide_parameters=True)


def from_sqlite(error: sqlite3.Error) -> BaseException:
    return through_sqlalchemy(error, sqlite3.Error)


def from_postgres(sqlstate: str) -> BaseException:
    """Make the error that the driver makes of what the server says."""
    return through_sqlalchemy(postgres.lookup(sqlstate)("in the server's words"), psycopg.Error)


def from_psycopg(error: psycopg.Error) -> BaseException:
    """Take an error of the driver's own."""
    return through_sqlalchemy(error, psycopg.Error)


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
        pytest.param(from_postgres("55P03"), id="postgresql: lock_timeout"),
        pytest.param(from_postgres("57014"), id="postgresql: statement_timeout"),
        pytest.param(from_postgres("53100"), id="postgresql: disk full"),
        pytest.param(from_postgres("53300"), id="postgresql: too many connections"),
        pytest.param(from_postgres("40P01"), id="postgresql: deadlock"),
        pytest.param(from_postgres("57P01"), id="postgresql: shut down by its administrator"),
        pytest.param(from_postgres("25006"), id="postgresql: read-only"),
        pytest.param(from_postgres("28P01"), id="postgresql: password refused"),
        pytest.param(from_postgres("XX000"), id="postgresql: internal"),
        pytest.param(from_postgres("42501"), id="postgresql: a right was taken away"),
        pytest.param(from_postgres("42P01"), id="postgresql: a table is not there"),
        pytest.param(from_psycopg(psycopg.InterfaceError("the connection is closed")), id="psycopg: closed"),
        pytest.param(from_psycopg(psycopg.OperationalError("connection refused")), id="psycopg: nobody listens"),
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
        pytest.param(from_postgres("23502"), id="postgresql: constraint"),
        pytest.param(from_postgres("22021"), id="postgresql: NUL in a text"),
        pytest.param(from_psycopg(psycopg.DataError("text cannot contain NUL")), id="psycopg: NUL in a text"),
        pytest.param(from_psycopg(psycopg.ProgrammingError("cannot adapt type")), id="psycopg: no such type"),
        pytest.param(from_postgres("22003"), id="postgresql: number out of range"),
        pytest.param(from_postgres("54000"), id="postgresql: key too long for its index"),
        pytest.param(from_postgres("42804"), id="postgresql: type mismatch"),
        pytest.param(ZeroDivisionError(), id="a fault of ours"),
    ],
)
def test_what_is_about_content_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        raise_inside(error)

    assert caught.value is error
