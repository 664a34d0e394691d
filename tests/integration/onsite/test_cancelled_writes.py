"""A caller who is cancelled while a statement is under way leaves no lock: the next writer goes on at once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from onsite.adapters.sql import database as database_module
from onsite.adapters.sql.database import Database, open_database
from onsite.adapters.sql.inbox import SqlInbox
from onsite.engine.incoming import IncomingBatch
from tests.integration.onsite.store import event, said, traced

ROUNDS = 50


class Cutter:
    """Counts statements as they begin, and cancels a task at the one that it is set to."""

    def __init__(self) -> None:
        self.begun = 0
        self._loop = asyncio.get_running_loop()
        self._cut_at = 0
        self._victim: asyncio.Task[object] | None = None

    def set_to(self, statement: int, victim: asyncio.Task[object]) -> None:
        """Cancel `victim` when the `statement`-th from now on begins."""
        self.begun, self._cut_at, self._victim = 0, statement, victim

    def note(self, _statement: str) -> None:
        """Take note of a statement that begins, in the thread of the database."""
        self.begun += 1
        if self._victim is not None and self.begun == self._cut_at:
            self._loop.call_soon_threadsafe(self._victim.cancel)


@contextmanager
def cutter_of(database: Database) -> Iterator[Cutter]:
    """Have the database's statements counted."""
    cutter = Cutter()
    with traced(database, cutter.note):
        yield cutter


def batch(key: str) -> IncomingBatch:
    """Make a batch of one message."""
    return IncomingBatch([event(key, said(key))])


async def test_a_batch_cut_off_at_any_statement_does_not_lock_out_the_next(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_PRAGMAS", ("PRAGMA journal_mode = WAL", "PRAGMA busy_timeout = 0"))
    database = open_database(None, data_dir)
    inbox = SqlInbox(database)
    await inbox.apply(batch("first"))
    with cutter_of(database) as cutter:
        await inbox.apply(batch("second"))
        statements = cutter.begun
        for number in range(ROUNDS):
            cut_off = asyncio.create_task(inbox.apply(batch(f"cut{number}")))
            cutter.set_to(1 + number % statements, cut_off)
            with pytest.raises(asyncio.CancelledError):
                await cut_off
            applied = await inbox.apply(batch(f"next{number}"))
            assert applied.messages == 1
    await database.close()
    assert statements >= 5
