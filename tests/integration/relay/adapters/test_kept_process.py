"""A child that is to run for as long as we do: however it ends, its keeper learns of it."""

import asyncio
import os

import psutil
import pytest

from relay.adapters.kept_process import KeptProcess
from tests.support.waiting import process_does, soon


def kept(*args: str, ended: list[int] | None = None) -> KeptProcess:
    return KeptProcess(args, env=dict(os.environ), ended=(ended if ended is not None else []).append)


@pytest.mark.parametrize(
    ("args", "code"), [pytest.param(["--version"], 0, id="well"), pytest.param(["no-such-command"], 2, id="badly")]
)
async def test_a_child_that_ends_is_an_error_that_names_it(args: list[str], code: int) -> None:
    ended: list[int] = []
    child = kept(*args, ended=ended)
    with pytest.raises(ChildProcessError, match=f"`relay {args[0]}` ended with exit code {code}"):
        await soon(child.keep_running())

    assert len(ended) == 1
    await soon(child.stop())  # there is nothing to stop any more


async def test_it_is_stopped_with_its_keeper() -> None:
    child = kept("worker")  # which waits for no settings: it ends by itself, or is ended here, whichever comes first
    running = asyncio.ensure_future(child.keep_running())

    async def started() -> bool:
        return child._process is not None

    await process_does(started)
    assert child._process is not None
    process = psutil.Process(child._process.pid)
    running.cancel()
    await soon(child.stop())

    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


async def test_one_that_was_never_started_is_stopped_already() -> None:
    await soon(kept("worker").stop())
