"""With which of its secrets a site calls while these rotate, in Redis: one hash, and no secret in it."""

from collections.abc import Sequence

from redis.asyncio import Redis

from relay.adapters.replies import text
from relay.adapters.scripts import NOTE_USE
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.rotation import SecretUse, mark_of


class RedisSecretUses:
    """Fits `engine.secret_rotation.SecretUses` and `engine.site_callers.UseNotes`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def note(self, site: str, token: bytes) -> None:
        """See `engine.site_callers.UseNotes.note`."""
        async with store_errors():
            await NOTE_USE.run(self._redis, [keys.SECRET_USES], [site, mark_of(token)])

    async def last(self, sites: Sequence[str]) -> dict[str, SecretUse]:
        """See `engine.secret_rotation.SecretUses.last`."""
        if not sites:
            return {}
        async with store_errors():
            found = await self._redis.hmget(keys.SECRET_USES, list(sites))
        return {site: _read(text(each)) for site, each in zip(sites, found, strict=True) if each is not None}

    async def forget(self, site: str) -> None:
        """See `engine.secret_rotation.SecretUses.forget`."""
        async with store_errors():
            await self._redis.hdel(keys.SECRET_USES, site)


def _read(noted: str) -> SecretUse:
    mark, since_ms = noted.split(" ")
    return SecretUse(mark, int(since_ms))
