"""Goes through a hash, some fields at a time: neither Redis nor this process stands still for a large one."""

from collections.abc import AsyncIterator
from typing import Any

from redis.asyncio import Redis

from relay.adapters.replies import raw, text
from relay.adapters.store_errors import store_errors


async def scan_hash(redis: Redis, key: str, *, at_once: int) -> AsyncIterator[tuple[str, bytes]]:
    """Yield each field with its value, about `at_once` from one round trip. Raises StoreUnavailable.

    One may come twice, and one that is written or deleted meanwhile may come or not:
    https://redis.io/docs/latest/commands/scan/#scan-guarantees
    """
    cursor = 0
    while True:
        async with store_errors():
            answer: Any = await redis.hscan(key, cursor, count=at_once)
        cursor, found = answer
        for field, value in found.items():
            yield text(field), raw(value)
        if not cursor:
            return
