"""Connections and transactions: what is committed stays, what is not leaves no trace, trouble is told in one type."""

import asyncio
import sqlite3
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import IntegrityError

from onsite.adapters.sql import database as database_module
from onsite.adapters.sql.database import FILE_NAME, Database, open_database
from onsite.adapters.sql.tables import channels
from onsite.engine.errors import StoreUnavailable
from shared.errors import UserError

ROW = {"platform": "facebook", "external_id": "1", "name": "secret words", "state": "ok", "sentence": ""}


def add(**values: str) -> Callable[[Connection], None]:
    """Return the work of adding a channel."""

    def work(connection: Connection) -> None:
        connection.execute(insert(channels).values(ROW | values))

    return work


async def names(database: Database) -> list[str]:
    return await database.read(lambda connection: list(connection.execute(select(channels.c.name)).scalars()))


@pytest.mark.parametrize(
    ("pragma", "expected"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)],
)
async def test_sqlite_is_set_up_to_survive_a_power_cut(database: Database, pragma: str, expected: str | int) -> None:
    query = text(f"PRAGMA {pragma}")
    assert await database.read(lambda connection: connection.execute(query).scalar()) == expected


async def test_an_exception_undoes_the_whole_transaction(database: Database) -> None:
    def write_and_fail(connection: Connection) -> None:
        add()(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(write_and_fail)

    assert await names(database) == []


async def test_a_connection_lost_before_the_commit_loses_the_transaction_alone(data_dir: Path) -> None:
    """What a crash leaves: the file as it was after the last commit."""
    first = open_database(None, data_dir)
    await first.write(add())
    dying = sqlite3.connect(data_dir / FILE_NAME, isolation_level=None)
    dying.execute("BEGIN IMMEDIATE")
    dying.execute("DELETE FROM channels")
    dying.close()
    await first.close()

    second = open_database(None, data_dir)
    assert await names(second) == ["secret words"]
    await second.close()


async def test_readers_see_the_state_before_a_write_and_do_not_wait_for_it(database: Database) -> None:
    written, may_commit = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def write_slowly(connection: Connection) -> None:
        add()(connection)
        loop.call_soon_threadsafe(written.set)
        assert may_commit.wait(20)

    writing = asyncio.create_task(database.write(write_slowly))
    await asyncio.wait_for(written.wait(), 20)
    assert await names(database) == []

    may_commit.set()
    await writing
    assert await names(database) == ["secret words"]


async def test_writers_go_one_after_the_other(database: Database) -> None:
    def add_counted(connection: Connection, number: int) -> None:
        count = len(connection.execute(select(channels.c.id)).all())
        add(external_id=str(number), name=str(count))(connection)

    await asyncio.gather(*(database.write(partial(add_counted, number=number)) for number in range(20)))

    assert sorted(map(int, await names(database))) == list(range(20))


async def test_a_database_that_another_program_holds_is_unavailable(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_PRAGMAS", ("PRAGMA busy_timeout = 1",))
    holder = sqlite3.connect(data_dir / FILE_NAME, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    database = open_database(None, data_dir)

    with pytest.raises(StoreUnavailable, match="database is locked"):
        await database.write(add())

    holder.close()
    await database.write(add())
    await database.close()


@pytest.mark.parametrize(
    ("pragma", "words"),
    [
        pytest.param("PRAGMA max_page_count = 1", "database or disk is full", id="full"),
        pytest.param("PRAGMA query_only = ON", "attempt to write a readonly database", id="read-only"),
    ],
)
async def test_a_database_that_takes_nothing_more_is_unavailable(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, pragma: str, words: str
) -> None:
    monkeypatch.setattr(database_module, "_PRAGMAS", (pragma,))
    database = open_database(None, data_dir)

    def write_much(connection: Connection) -> None:
        for number in range(100):
            add(external_id=str(number), name="x" * 4096)(connection)

    with pytest.raises(StoreUnavailable, match=words):
        await database.write(write_much)
    await database.close()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is no database, but it is long enough to be looked at " * 40)
    database = open_database(None, tmp_path)

    with pytest.raises(StoreUnavailable, match="file is not a database"):
        await names(database)
    await database.close()


async def test_a_server_that_nobody_runs_is_unavailable(tmp_path: Path) -> None:
    database = open_database(SecretStr(f"sqlite:///{tmp_path}/no/such/folder/file.db"), tmp_path)

    with pytest.raises(StoreUnavailable, match="unable to open database file"):
        await names(database)
    await database.close()


async def test_an_error_never_repeats_the_values_that_were_to_be_written(database: Database) -> None:
    await database.write(add())

    with pytest.raises(IntegrityError) as caught:
        await database.write(add())

    assert "secret words" not in str(caught.value)


def test_an_address_that_is_none_is_refused_without_repeating_its_password(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        open_database(SecretStr("postgresql+psycopg://user:pass word@host:not-a-port/x"), tmp_path)

    assert "ONSITE_DATABASE_URL is no address" in str(caught.value)
    assert "pass word" not in str(caught.value)


def test_a_database_whose_driver_is_not_installed_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(UserError, match="the Python package psycopg: install it"):
        open_database(SecretStr("postgresql+psycopg://user:password@localhost/onsite"), tmp_path)
