"""Ports that stay ours while nobody listens on them, so that a killed process finds its own again.

A port that the system hands out lies in the range of outgoing connections: while its owner is dead, or not yet there,
any program's connection may take it. So these lie below that range (32768 on Linux, `ip_local_port_range`), with room
for the port of a cluster's node above each of them.
"""

import os
import socket
from collections.abc import Iterator

FIRST, LAST = 10_000, 19_999
BUS_OFFSET = 10_000
"""The nodes of a Redis Cluster talk to each other on a port so much above their own."""
_GOLDEN = 6_181
"""0.618 of the range: the beginnings of neighbouring process numbers lie as far apart as can be."""


def _ports() -> Iterator[int]:
    """Yield the range over and over; processes that run side by side begin at different places."""
    count = LAST - FIRST + 1
    number = os.getpid() * _GOLDEN
    while True:
        yield FIRST + number % count
        number += 1


_numbers = _ports()


def free_port() -> int:
    """Return a port that nobody listens on and that was not returned a moment ago. Raises OSError."""
    for _ in range(FIRST, LAST + 1):
        port = next(_numbers)
        if is_free(port) and is_free(port + BUS_OFFSET):
            return port
    raise OSError(f"no free port from {FIRST} to {LAST}")


def is_free(port: int) -> bool:
    """Whether one could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
