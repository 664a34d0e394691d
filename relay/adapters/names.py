"""Where a name leads now, for a warning to an operator. Not for connecting: that resolves anew and judges by itself."""

import asyncio
import socket

from shared.addresses import IPAddress, address_of

LOOKUP_TIMEOUT_S = 2.0
"""A command waits for it; a resolver that takes longer has nothing to say here."""


async def look_up(host: str) -> list[IPAddress]:
    """Return a host's addresses, each once; none when the system's resolver knows none, or does not say in time."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LOOKUP_TIMEOUT_S):
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # a timeout is an OSError too
        return []
    return list(dict.fromkeys(address_of(str(where[0])) for *_, where in found))
