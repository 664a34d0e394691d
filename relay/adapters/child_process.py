"""Child processes that never outlive us: not after a clean stop, and not after a kill -9 either."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence

STOP_TIMEOUT_S = 30.0
"""How long a child may take to finish before it is killed: longer than a push may last."""

_PR_SET_PDEATHSIG = 1  # prctl(2)


async def spawn(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, sockets: Sequence[int] = ()
) -> asyncio.subprocess.Process:
    """Start a child, in a session of its own: Ctrl-C in a terminal reaches us alone, and we stop it in turn.

    Of our open files it gets `sockets` only, by the same numbers.
    """
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        env=env,
        pass_fds=sockets,
        start_new_session=True,
        preexec_fn=_die_with_parent(),
    )


async def stop(process: asyncio.subprocess.Process) -> None:
    """Ask a child to end, wait for it, and kill it if it does not."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
    except TimeoutError:
        process.kill()
        await process.wait()


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux, have the kernel end the child with its parent; elsewhere a leftover is found at the next start.

    The signal may come several times: once for each of the parent's threads.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: nothing may be loaded between fork and exec
    parent = os.getpid()

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked: nobody would tell us any more
            os._exit(1)

    return ask_kernel
