"""Which commands a Redis is sent, as it sees them itself; those that scripts run inside it are not sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

_LAST = "the last command that counts"
_GREETING = "HELLO"
"""What a client says on each new connection."""


@asynccontextmanager
async def commands_sent(redis: Redis) -> AsyncIterator[list[str]]:
    """Yield a list that holds the names of all commands sent meanwhile, by whomever, once it is left."""
    sent: list[str] = []
    async with redis.monitor() as monitor:
        yield sent
        await redis.echo(_LAST)
        while _LAST not in (seen := await monitor.next_command())["command"]:
            name = seen["command"].split(" ", 1)[0].upper()
            if seen["client_type"] != "lua" and name != _GREETING:
                sent.append(name)
