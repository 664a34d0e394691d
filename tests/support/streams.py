"""Looking into Redis streams, typed."""

from typing import Any

from redis.asyncio import Redis

Fields = dict[bytes, bytes]


async def entries(redis: Redis, key: str) -> list[tuple[str, Fields]]:
    """Return the ids and fields of a stream, oldest first."""
    found: Any = await redis.xrange(key)
    return [(entry_id.decode(), dict(fields)) for entry_id, fields in found]


async def payloads_in(redis: Redis, key: str) -> list[bytes]:
    """Return the payloads of an outbox's stream, oldest first."""
    return [fields[b"d"] for _, fields in await entries(redis, key)]
