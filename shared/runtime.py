"""How a half's process runs: its event loop, its wish to stop, its listening port."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar, cast

from aiohttp import web

from shared.errors import UserError
from shared.listening_socket import BACKLOG, why_not

Result = TypeVar("Result")

FINISH_REQUESTS_S = 20.0
"""How long requests may take to finish when the server stops."""

KEPT_IDLE_S = 75.0
"""How long a connection is kept after an answer; a next request must have brought its whole head by then, as the server
has no deadline for that (and keeps the connection for an hour)."""


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


class Door(Protocol):
    """Takes connections before the application does."""

    def __call__(self) -> asyncio.BaseProtocol:
        """Make the protocol of a new connection."""

    async def close(self, timeout_s: float) -> None:
        """Finish what is under way, within `timeout_s`; no new connection comes any more."""


DoorMaker = Callable[[Callable[[], asyncio.BaseProtocol]], Door]
"""Makes a door; it is handed what makes the application's own protocol for a connection."""


@asynccontextmanager
async def listening(
    app: web.Application,
    *,
    host: str,
    port: int,
    door_of: DoorMaker | None = None,
    bound: socket.socket | None = None,
) -> AsyncIterator[int]:
    """Serve `app` meanwhile; yields the port, which the system chooses when 0 is asked for.

    With `bound`, a socket that listens already, host and port mean nothing.

    On leaving, no new connection is accepted and requests under way are finished. Raises UserError when the address
    cannot be had.
    """
    # Nothing is unpacked: a small packed body could keep the loop busy for seconds, before its signature is checked.
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=FINISH_REQUESTS_S,
        keepalive_timeout=KEPT_IDLE_S,
        auto_decompress=False,
    )
    await runner.setup()
    try:
        make_protocol = cast("Callable[[], asyncio.BaseProtocol]", runner.server)
        door = door_of(make_protocol) if door_of is not None else None
        server = await (_take(door or make_protocol, bound) if bound else _listen(door or make_protocol, host, port))
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            if door is not None:
                await door.close(FINISH_REQUESTS_S)
    finally:
        await runner.cleanup()


async def _take(make_protocol: Callable[[], asyncio.BaseProtocol], bound: socket.socket) -> asyncio.Server:
    return await asyncio.get_running_loop().create_server(make_protocol, sock=bound, backlog=BACKLOG)


async def _listen(make_protocol: Callable[[], asyncio.BaseProtocol], host: str, port: int) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(make_protocol, host, port, backlog=BACKLOG)
    except OSError as error:
        raise UserError(why_not(error, host, port)) from None
