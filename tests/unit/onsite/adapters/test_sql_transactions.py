"""A transaction runs to its end, whoever is cancelled meanwhile."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from onsite.adapters.sql.database import open_database
from onsite.adapters.sql.transactions import SqlStore, reading, writing


class Work(SqlStore):
    """Something that takes as long as the test wants."""

    def __init__(self, folder: Path) -> None:
        super().__init__(open_database(None, folder))
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.done = 0

    @writing
    def write(self, _connection: Connection, *, fail: bool = False) -> str:
        """Wait, and then succeed or fail."""
        return self._work(fail=fail)

    @reading
    def read(self, _connection: Connection, *, fail: bool = False) -> str:
        """Do the same."""
        return self._work(fail=fail)

    def _work(self, *, fail: bool) -> str:
        self.began.set()
        assert self.may_end.wait(20)
        self.done += 1
        if fail:
            raise ZeroDivisionError
        return "result"


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    work = Work(tmp_path)
    yield work
    work.may_end.set()
    await work.database.close()


@pytest.mark.parametrize("kind", ["read", "write"])
async def test_the_result_and_the_error_are_the_works_own(work: Work, kind: str) -> None:
    work.may_end.set()

    assert await getattr(work, kind)() == "result"
    with pytest.raises(ZeroDivisionError):
        await getattr(work, kind)(fail=True)


@pytest.mark.parametrize("kind", ["read", "write"])
@pytest.mark.parametrize("fail", [False, True], ids=["succeeds", "fails"])
async def test_a_cancelled_caller_waits_until_the_work_is_done(work: Work, kind: str, *, fail: bool) -> None:
    caller = asyncio.create_task(getattr(work, kind)(fail=fail))
    await asyncio.to_thread(work.began.wait, 20)

    caller.cancel()
    asyncio.get_running_loop().call_soon(work.may_end.set)
    with pytest.raises(asyncio.CancelledError):
        await caller

    assert work.done == 1


async def test_closing_waits_for_what_was_asked_for(work: Work) -> None:
    callers = [asyncio.create_task(work.write()), asyncio.create_task(work.write())]
    await asyncio.to_thread(work.began.wait, 20)

    closing = asyncio.create_task(work.database.close())
    asyncio.get_running_loop().call_soon(work.may_end.set)
    await closing

    assert [await caller for caller in callers] == ["result", "result"]
