"""Work runs to its end, whoever is cancelled meanwhile."""

import asyncio
import inspect

import pytest

from onsite.adapters.sql.channels import SqlChannels
from onsite.adapters.sql.inbox import SqlInbox
from onsite.adapters.sql.outbox import SqlOutbox
from onsite.adapters.sql.reader import SqlReader
from onsite.adapters.sql.replies import SqlReplies
from onsite.adapters.sql.to_the_end import to_the_end


class Work:
    """Something that takes as long as the test wants."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.done = False

    @to_the_end
    async def do(self, *, fail: bool = False) -> str:
        """Wait, and then succeed or fail."""
        self.began.set()
        await self.may_end.wait()
        self.done = True
        if fail:
            raise ZeroDivisionError
        return "result"


async def test_the_result_and_the_error_are_the_works_own() -> None:
    work = Work()
    work.may_end.set()

    assert await work.do() == "result"
    with pytest.raises(ZeroDivisionError):
        await work.do(fail=True)


@pytest.mark.parametrize("fail", [False, True], ids=["succeeds", "fails"])
async def test_a_cancelled_caller_waits_until_the_work_is_done(*, fail: bool) -> None:
    work = Work()
    caller = asyncio.create_task(work.do(fail=fail))
    await work.began.wait()

    caller.cancel()
    asyncio.get_running_loop().call_soon(work.may_end.set)
    with pytest.raises(asyncio.CancelledError):
        await caller

    assert work.done


@pytest.mark.parametrize("store", [SqlInbox, SqlChannels, SqlReplies, SqlOutbox, SqlReader])
def test_every_method_of_every_store_is_protected(store: type) -> None:
    methods = [
        method for name, method in inspect.getmembers(store, inspect.iscoroutinefunction) if not name.startswith("_")
    ]

    assert methods
    assert all(hasattr(method, "__wrapped__") for method in methods)
