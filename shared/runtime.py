"""How a half's process runs: its event loop, its wish to stop, its listening port."""

import asyncio
import errno
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from aiohttp import web

from shared.errors import UserError

Result = TypeVar("Result")

FINISH_REQUESTS_S = 20.0
"""How long requests may take to finish when the server stops."""


def run_async(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end, on uvloop where the platform has it."""
    if sys.platform != "win32":
        try:
            import uvloop
        except ImportError:
            pass
        else:
            return uvloop.run(main)
    return asyncio.run(main)


def stop_event() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set. Call it in the main thread's loop."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, event.set)
        except NotImplementedError:  # Windows' loops have none; its Ctrl-C still comes as a signal
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(event.set))
    return event


@asynccontextmanager
async def listening(app: web.Application, *, host: str, port: int) -> AsyncIterator[int]:
    """Serve `app` meanwhile; yields the port, which the system chooses when 0 is asked for.

    On leaving, no new connection is accepted and requests under way are finished. Raises UserError when the address
    cannot be had.
    """
    # Nothing is unpacked: a small packed body could keep the loop busy for seconds, before its signature is checked.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=FINISH_REQUESTS_S, auto_decompress=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=1024)
        try:
            await site.start()
        except OSError as error:
            raise UserError(_why_not(error, host, port)) from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use by another program: stop that one, or choose another port with --port"
    if error.errno == errno.EACCES:
        return f"port {port} on {host} may not be used by this user: ports below 1024 need privileges; use --port"
    return f"{host}:{port} cannot be listened on: {error.strerror or error}"
