"""One place where Redis' troubles become ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.exceptions import RedisError

from relay.core.errors import StoreUnavailable


@asynccontextmanager
async def store_errors() -> AsyncIterator[None]:
    """Turn whatever keeps Redis from doing its work (away, READONLY, OOM, LOADING) into StoreUnavailable."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreUnavailable(f"{type(error).__name__}: {error}") from error
