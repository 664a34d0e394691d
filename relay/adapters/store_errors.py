"""One place where Redis' troubles become ours, and where waiting for Redis ends."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from redis.asyncio.sentinel import MasterNotFoundError
from redis.exceptions import AuthenticationError, NoPermissionError, RedisClusterException, RedisError

from relay.core.errors import StoreUnavailable

ROUND_TRIP_LIMIT_S = 3.0
"""How long one round trip may take in all: to wait for a connection, to find the master, to connect, to ask, and to ask
once more. Below what `engine.intake` gives a webhook."""

_ANNOTATION = " of pipeline caused error: "
"""redis-py puts the command, with the message in it, before the error of a pipeline's command."""

_SERVICE = re.compile(r"No master found for ('[^']*')")
_SENTINEL = re.compile(r"host=([^,)>]+),port=(\d+)")
"""How redis-py names a Sentinel that it could not ask (redis.asyncio.sentinel.Sentinel.discover_master)."""

_ADVICE: Mapping[type[Exception], str] = {
    AuthenticationError: (
        "; user and password in Redis' address must be the server's, each percent-encoded where it has other"
        " characters than letters and digits"
    ),
    NoPermissionError: "; the server's ACL must allow this user all keys and commands (`ACL SETUSER name ~* &* +@all`)",
}
"""What to do, where Redis says it does not know us or does not let us."""


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
        raise StoreUnavailable(_no_master(str(error))) from error
    except (RedisError, RedisClusterException, OSError) as error:
        raise unavailable(error) from error


def unavailable(error: Exception) -> StoreUnavailable:
    """Say as our error what Redis said, without the command that it may quote."""
    _strip_command(error)
    advice = next((words for kind, words in _ADVICE.items() if isinstance(error, kind)), "")
    return StoreUnavailable(f"{type(error).__name__}: {error}{advice}")


def _no_master(text: str) -> str:
    """Tell the two causes apart. The library's own words quote its clients at length, so only addresses are taken."""
    silent = ", ".join(f"{host}:{port}" for host, port in _SENTINEL.findall(text))
    name = _SERVICE.match(text)
    if silent:
        return f"no Sentinel could say where the master is; not reached: {silent}"
    named = f"the name {name[1]}" if name else "this name"
    return f"the Sentinels know no master of {named}, which stands behind their addresses in RELAY_REDIS_URL"


def _strip_command(error: Exception) -> None:
    """Keep what went wrong and drop what we had sent: messages do not belong into errors and logs."""
    text = str(error)
    if _ANNOTATION in text:
        error.args = (text.rpartition(_ANNOTATION)[2],)
    elif isinstance(error, RedisClusterException):
        error.args = (text.partition("(")[0].strip(),)  # its sentences quote commands in brackets
