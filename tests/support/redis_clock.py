"""Redis' own clock, by which the relay plans."""

from redis.asyncio import Redis

from tests.support.waiting import process_does


async def redis_now_ms(redis: Redis) -> int:
    """Return the milliseconds since 1970 by Redis' clock."""
    seconds, microseconds = await redis.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


async def redis_passes(redis: Redis, ms: int) -> None:
    """Wait until Redis' clock is past that time. Raises TimeoutError."""

    async def look() -> bool:
        return await redis_now_ms(redis) > ms

    await process_does(look)
