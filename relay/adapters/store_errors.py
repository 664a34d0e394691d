"""One place where Redis' troubles become ours, and where waiting for Redis ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio.sentinel import MasterNotFoundError
from redis.exceptions import RedisClusterException, RedisError

from relay.core.errors import StoreUnavailable

ROUND_TRIP_LIMIT_S = 3.0
"""How long one round trip may take in all: to wait for a connection, to find the master, to connect, to ask, and to ask
once more. Below what `engine.intake` gives a webhook."""

_ANNOTATION = " of pipeline caused error: "
"""redis-py puts the command, with the message in it, before the error of a pipeline's command."""


@asynccontextmanager
async def store_errors() -> AsyncIterator[None]:
    """Turn whatever keeps Redis from doing its work (away, hanging, READONLY, OOM, LOADING) into StoreUnavailable.

    Put it around one round trip, not around a loop of them.
    """
    try:
        async with asyncio.timeout(ROUND_TRIP_LIMIT_S):
            yield
    except TimeoutError as error:
        raise StoreUnavailable(f"TimeoutError: no answer within {ROUND_TRIP_LIMIT_S:g} s") from error
    except MasterNotFoundError as error:
        # The library's own words quote its clients at length, and not what is wrong with them.
        raise StoreUnavailable("the Sentinels cannot be reached, or know no master of this name") from error
    except (RedisError, RedisClusterException, OSError) as error:
        raise unavailable(error) from error


def unavailable(error: Exception) -> StoreUnavailable:
    """Say as our error what Redis said, without the command that it may quote."""
    _strip_command(error)
    return StoreUnavailable(f"{type(error).__name__}: {error}")


def _strip_command(error: Exception) -> None:
    """Keep what went wrong and drop what we had sent: messages do not belong into errors and logs."""
    text = str(error)
    if _ANNOTATION in text:
        error.args = (text.rpartition(_ANNOTATION)[2],)
    elif isinstance(error, RedisClusterException):
        error.args = (text.partition("(")[0].strip(),)  # its sentences quote commands in brackets
