"""Connections and transactions. Not the tables, not what is written.

SQLite runs in WAL mode with `synchronous=FULL`: what is committed survives a power cut, and readers never wait for the
writer. There is one writer at a time, by its thread in this process and `BEGIN IMMEDIATE` in the database, so that no
transaction fails half-way for having begun as a reader (https://www.sqlite.org/lang_transaction.html, section 2.1).
On PostgreSQL the same thread keeps writes in order; the database itself would allow more.

A transaction is run whole by one thread (docs/decisions/0022). Nobody can cut it off in the middle: a caller who is
cancelled waits for its commit or its undoing before the cancellation goes on.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from onsite.engine.errors import StoreUnavailable
from shared.errors import UserError

BUSY_TIMEOUT_MS = 5000
"""How long SQLite waits for another program's lock, such as a backup's."""

FILE_NAME = "onsite.db"

READERS = 4
"""How many look at the same time; the others wait. The pool of connections has room for them and the writer."""

_Result = TypeVar("_Result")

_WRITES = "onsite_writes"

_ABOUT_CONTENT = (
    *(DataError, IntegrityError, ProgrammingError, NotSupportedError),
    *(sqlite3.DataError, sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.NotSupportedError),
)
"""Errors about what was to be written or how (https://peps.python.org/pep-0249/#exceptions): SQLAlchemy's, and those of
the driver that `adapters.sql.statements` gives its statements to."""

_CONTENT_SQLSTATES = ("22", "23", "54", "42804")
"""The classes "data exception", "integrity constraint violation" and "program limit exceeded" (a key too long for its
index), and "datatype mismatch". Where the server tells such a code, it counts alone: by its Python type, a right that
was taken away would be about the statement, and a limit of the program about the server
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA foreign_keys = ON",
)


class Database:
    """Runs transactions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = ThreadPoolExecutor(1, "database-writer")
        self._readers = ThreadPoolExecutor(READERS, "database-reader")

    async def read(self, work: Callable[[Connection], _Result]) -> _Result:
        """Let `work` look at one consistent state. Raises StoreUnavailable."""
        return await _to_the_end(self._readers, lambda: self._transact(work, writes=False))

    async def write(self, work: Callable[[Connection], _Result]) -> _Result:
        """Let `work` change everything or nothing: commits at its end, undoes on any exception.

        Raises StoreUnavailable.
        """
        return await _to_the_end(self._writer, lambda: self._transact(work, writes=True))

    async def close(self) -> None:
        """Finish what was asked for, and close all connections."""
        await asyncio.to_thread(self._close)

    def _transact(self, work: Callable[[Connection], _Result], *, writes: bool) -> _Result:
        with _as_unavailable(), self._engine.connect() as plain:
            connection = plain.execution_options(**{_WRITES: writes})
            with connection.begin():
                return work(connection)

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._engine.dispose()


async def _to_the_end(thread: Executor, work: Callable[[], _Result]) -> _Result:
    """Wait for the end of the work, also when we are cancelled meanwhile."""
    running = asyncio.get_running_loop().run_in_executor(thread, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # nobody is left to be told, and asyncio would complain that nobody was
        raise


def open_database(url: SecretStr | None, data_dir: Path) -> Database:
    """Prepare a database; nothing is opened before its first use. Raises UserError when the address is unusable."""
    return open_at(url_of(url, data_dir))


def open_at(target: URL) -> Database:
    """Do the same with an address that was read already. Raises UserError where its driver is missing."""
    try:
        if target.get_backend_name() == "sqlite":
            return Database(_sqlite(target))
        return Database(create_engine(target, hide_parameters=True, pool_pre_ping=True))
    except ModuleNotFoundError as error:
        raise UserError(f"the database needs the Python package {error.name}: install it beside this one") from None


def url_of(url: SecretStr | None, data_dir: Path) -> URL:
    """Return the database's address: the one that is set, else that of a file in the data folder. Raises UserError."""
    if url is None:
        return URL.create("sqlite", database=str(data_dir / FILE_NAME))
    try:
        return make_url(url.get_secret_value())
    except (ArgumentError, ValueError):
        raise UserError("ONSITE_DATABASE_URL is no address of a database") from None


def _sqlite(url: URL) -> Engine:
    # isolation_level None: Python's sqlite3 then begins no transaction of its own, and ours begins as it should.
    # hide_parameters: an exception must not carry the rows it was about, as they hold messages.
    engine = create_engine(url, hide_parameters=True, connect_args={"isolation_level": None})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _as_unavailable() -> Iterator[None]:
    """Tell trouble of the database (locked, full, gone) from trouble with what was to be written.

    Only what is surely about content passes as it is, since that costs an event its place in the inbox. Whatever else
    a driver says, now or in its next release, keeps the batch where it came from.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        if _is_about_content(error):
            raise
        raise StoreUnavailable(f"the database did not do its work: {_reason(error)}") from error
    except (PoolTimeoutError, OSError, MemoryError) as error:
        raise StoreUnavailable(f"the database did not answer: {_reason(error)}") from error


def _is_about_content(error: DBAPIError | sqlite3.Error) -> bool:
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return False
        if sqlstate := getattr(error.orig, "sqlstate", None):
            return str(sqlstate).startswith(_CONTENT_SQLSTATES)
    return isinstance(error, _ABOUT_CONTENT)


def _reason(error: Exception) -> str:
    """Give the driver's words, which name no values, rather than SQLAlchemy's, which quote the statement."""
    if isinstance(error, DBAPIError):
        return str(error.orig)
    return str(error) if isinstance(error, sqlite3.Error) else type(error).__name__
