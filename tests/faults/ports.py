"""Ports that stay ours while nobody listens on them, so that a killed process finds its own again.

A port that the system hands out lies in the range of outgoing connections: while its owner is dead, any program's
connection may take it. So these lie below that range (32768 on Linux, `ip_local_port_range`).
"""

import os
import socket
from collections.abc import Iterator

FIRST, LAST = 20_000, 31_999


def free_ports() -> Iterator[int]:
    """Yield ports that nobody listens on; different processes begin at different ones. Raises OSError at the end."""
    count = LAST - FIRST + 1
    begin = os.getpid() * 61 % count
    for offset in range(count):
        port = FIRST + (begin + offset) % count
        if _is_free(port):
            yield port
    raise OSError(f"no free port from {FIRST} to {LAST}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
