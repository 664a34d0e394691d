"""Connections and transactions: what is committed stays, what is not leaves no trace, trouble is told in one type."""

import asyncio
import sqlite3
import sys
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from onsite.adapters.sql import database as database_module
from onsite.adapters.sql.database import FILE_NAME, Database, open_database
from onsite.adapters.sql.tables import channels
from onsite.engine.errors import StoreUnavailable
from shared.errors import UserError

ROW = {"platform": "facebook", "external_id": "1", "name": "secret words", "state": "ok", "sentence": ""}


async def threads_of_connections_end() -> None:
    """Wait for aiosqlite's threads: that of a connection which failed to open ends without telling anybody."""
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 5)


async def names(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(select(channels.c.name))).scalars())


@pytest.mark.parametrize(
    ("pragma", "expected"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)],
)
async def test_sqlite_is_set_up_to_survive_a_power_cut(database: Database, pragma: str, expected: str | int) -> None:
    async with database.read() as connection:
        assert (await connection.execute(text(f"PRAGMA {pragma}"))).scalar() == expected


async def test_an_exception_undoes_the_whole_transaction(database: Database) -> None:
    async def write_and_fail() -> None:
        async with database.write() as connection:
            await connection.execute(insert(channels).values(ROW))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_and_fail()

    assert await names(database) == []


async def test_a_write_cut_off_in_the_middle_leaves_nothing_and_does_not_block_the_next(database: Database) -> None:
    written = asyncio.Event()

    async def write_and_hang() -> None:
        async with database.write() as connection:
            await connection.execute(insert(channels).values(ROW))
            written.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write_and_hang())
    await asyncio.wait_for(written.wait(), 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with database.write() as connection:
        await connection.execute(insert(channels).values(ROW | {"external_id": "2"}))
    assert len(await names(database)) == 1


async def test_a_connection_lost_before_the_commit_loses_the_transaction_alone(data_dir: Path) -> None:
    """What a crash leaves: the file as it was after the last commit."""
    first = open_database(None, data_dir)
    async with first.write() as connection:
        await connection.execute(insert(channels).values(ROW))
    dying = sqlite3.connect(data_dir / FILE_NAME, isolation_level=None)
    dying.execute("BEGIN IMMEDIATE")
    dying.execute("DELETE FROM channels")
    dying.close()
    await first.close()

    second = open_database(None, data_dir)
    assert await names(second) == ["secret words"]
    await second.close()


async def test_readers_see_the_state_before_a_write_and_do_not_wait_for_it(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(channels).values(ROW))
        assert await names(database) == []

    assert await names(database) == ["secret words"]


async def test_writers_go_one_after_the_other(database: Database) -> None:
    async def add(number: int) -> None:
        async with database.write() as connection:
            count = len((await connection.execute(select(channels.c.id))).all())
            await connection.execute(insert(channels).values(ROW | {"external_id": str(number), "name": str(count)}))

    await asyncio.gather(*(add(number) for number in range(20)))

    assert sorted(map(int, await names(database))) == list(range(20))


async def test_a_database_that_another_program_holds_is_unavailable(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_PRAGMAS", ("PRAGMA busy_timeout = 1",))
    holder = sqlite3.connect(data_dir / FILE_NAME, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    database = open_database(None, data_dir)

    with pytest.raises(StoreUnavailable, match="database is locked"):
        async with database.write():
            pass

    holder.close()
    async with database.write() as connection:
        await connection.execute(insert(channels).values(ROW))
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

    async def write_much() -> None:
        async with database.write() as connection:
            for number in range(100):
                row = ROW | {"external_id": str(number), "name": "x" * 4096}
                await connection.execute(insert(channels).values(row))

    with pytest.raises(StoreUnavailable, match=words):
        await write_much()
    await database.close()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is no database, but it is long enough to be looked at " * 40)
    database = open_database(None, tmp_path)

    with pytest.raises(StoreUnavailable, match="file is not a database"):
        await names(database)
    await database.close()


async def test_a_server_that_nobody_runs_is_unavailable(tmp_path: Path) -> None:
    database = open_database(SecretStr(f"sqlite+aiosqlite:///{tmp_path}/no/such/folder/file.db"), tmp_path)

    with pytest.raises(StoreUnavailable, match="unable to open database file"):
        await names(database)
    await database.close()
    await threads_of_connections_end()


async def test_an_error_never_repeats_the_values_that_were_to_be_written(database: Database) -> None:
    async def write_twice() -> None:
        async with database.write() as connection:
            await connection.execute(insert(channels).values(ROW))
            await connection.execute(insert(channels).values(ROW))

    with pytest.raises(IntegrityError) as caught:
        await write_twice()

    assert "secret words" not in str(caught.value)


def test_an_address_that_is_none_is_refused_without_repeating_its_password(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        open_database(SecretStr("postgresql+asyncpg://user:pass word@host:not-a-port/x"), tmp_path)

    assert "ONSITE_DATABASE_URL is no address" in str(caught.value)
    assert "pass word" not in str(caught.value)


def test_a_database_whose_driver_is_not_installed_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    with pytest.raises(UserError, match="the Python package asyncpg: install it"):
        open_database(SecretStr("postgresql+asyncpg://user:password@localhost/onsite"), tmp_path)
