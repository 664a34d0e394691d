"""The watcher takes an event for stored when another process could read it, and not before."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.bench.processes.watch import Watch
from tests.bench.traffic import event_mid

INSERT = "INSERT INTO events (source_id, payload) VALUES (?, ?)"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "onsite.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, source_id TEXT, payload BLOB)")
    return path


@pytest.fixture
def writer(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database)) as connection:
        yield connection


@pytest.fixture
def reader(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)) as connection:
        yield connection


def store(writer: sqlite3.Connection, *numbers: int) -> None:
    """Write events as the client does; nothing is committed."""
    for number in numbers:
        payload = f'{{"message":{{"mid":"{event_mid(0, number, "A")}"}}}}'.encode()
        writer.execute(INSERT, [f"1-{number}", payload])


def test_an_event_is_stored_from_its_commit_on(writer: sqlite3.Connection, reader: sqlite3.Connection) -> None:
    watch = Watch(reader, events=1, clock=lambda: 7.0)

    store(writer, 0)
    seen_before = watch.look()
    writer.commit()

    assert not seen_before
    assert watch.look()
    assert watch.has_all
    assert watch.arrivals() == [("1-0", event_mid(0, 0, "A"), 7.0)]


def test_events_of_one_commit_have_one_time_and_what_was_there_before_is_not_counted(
    writer: sqlite3.Connection, reader: sqlite3.Connection
) -> None:
    store(writer, 0)
    writer.commit()
    times = iter([1.0, 2.0])
    watch = Watch(reader, events=3, clock=lambda: next(times))

    store(writer, 1, 2)
    writer.commit()
    watch.look()
    had_all = watch.has_all
    store(writer, 3)
    writer.commit()
    watch.look()

    assert not had_all
    assert watch.has_all
    assert [(event_id, at) for event_id, _, at in watch.arrivals()] == [("1-1", 1.0), ("1-2", 1.0), ("1-3", 2.0)]


def test_a_look_that_finds_nothing_new_leaves_no_trace(reader: sqlite3.Connection) -> None:
    watch = Watch(reader, events=1, clock=lambda: 1.0)

    assert not watch.look()
    assert watch.arrivals() == []
