"""The socket a server listens on, made here when several processes are to share it: bound once, handed to each.

A process that ends takes no connection with it: those that nobody has taken yet wait in the one queue of the socket for
whoever takes next. A queue for each process (SO_REUSEPORT) would lose them with the process it belongs to.
"""

import errno
import socket

from shared.errors import UserError

BACKLOG = 1024
"""Connections that may wait to be taken."""


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens; the system chooses the port when 0 is asked for.

    Raises UserError when the address cannot be had.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server((str(address[0]), port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise UserError(why_not(error, host, port)) from None


def inherited(descriptor: int) -> socket.socket:
    """Return the listening socket that a parent handed down under this number. Raises UserError when it is none."""
    try:
        taken = socket.socket(fileno=descriptor)
        listens = taken.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise UserError(f"file descriptor {descriptor} is no socket: {error.strerror or error}") from None
    if not listens:
        taken.close()
        raise UserError(f"file descriptor {descriptor} is a socket that does not listen")
    return taken


def why_not(error: OSError, host: str, port: int) -> str:
    """Say why an address cannot be listened on, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use by another program: stop that one, or choose another port with --port"
    if error.errno == errno.EACCES:
        return f"port {port} on {host} may not be used by this user: ports below 1024 need privileges; use --port"
    return f"{host}:{port} cannot be listened on: {error.strerror or error}"
