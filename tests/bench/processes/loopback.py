"""Servers at every address of the loopback, and at no other: so that each site can have an address of its own.

On Linux all of 127.0.0.0/8 is this machine; elsewhere 127.0.0.1 alone, and then all sites share it.
"""

import asyncio
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

HAS_MANY = sys.platform == "linux"
BACKLOG = 1024


def listening_socket(port: int) -> socket.socket:
    """Return a socket that listens there. Raises OSError."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if HAS_MANY:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")  # socket(7): nobody else can reach it
    listener.bind(("0.0.0.0" if HAS_MANY else "127.0.0.1", port))  # noqa: S104  on the loopback's device alone
    listener.listen(BACKLOG)
    return listener


@asynccontextmanager
async def serving(
    app: web.Application, ports: Sequence[int], *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[None]:
    """Serve an application at these ports meanwhile."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        for port in ports:
            await web.SockSite(runner, listening_socket(port), backlog=BACKLOG, ssl_context=tls).start()
        yield
    finally:
        await runner.cleanup()


async def accepting(factory: type[asyncio.Protocol], port: int) -> asyncio.Server:
    """Have a protocol answer at this port."""
    return await asyncio.get_running_loop().create_server(factory, sock=listening_socket(port), backlog=BACKLOG)
