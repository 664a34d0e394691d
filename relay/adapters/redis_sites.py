"""Sites in Redis: one hash, a record each, their secrets sealed under the master key."""

from collections.abc import Sequence

import msgspec
from redis.asyncio import Redis

from relay.adapters.replies import raw, text
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.errors import SiteExists, SiteNotFound
from relay.core.site import Site
from shared.errors import VaultError
from shared.logs import get_logger
from shared.vault import Vault

log = get_logger(__name__)


class _Record(msgspec.Struct, frozen=True):
    url: str
    sealed_secrets: list[str]
    created_at_ms: int


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Record).decode


class RedisSites:
    """Adds, reads and lists sites."""

    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._redis = redis
        self._vault = vault

    async def add(self, site: Site) -> None:
        """Store a new site. Raises SiteExists, StoreUnavailable."""
        record = _Record(site.url, [self._vault.seal(secret) for secret in site.secrets], site.created_at_ms)
        async with store_errors():
            added = await self._redis.hsetnx(keys.SITES, site.name, _encode(record))
        if not added:
            raise SiteExists(site.name)

    async def get(self, name: str) -> Site:
        """Return a site. Raises SiteNotFound, VaultError, StoreUnavailable."""
        async with store_errors():
            record = await self._redis.hget(keys.SITES, name)
        if record is None:
            raise SiteNotFound(name)
        return self._read(name, record)

    async def find(self, names: Sequence[str]) -> dict[str, Site]:
        """Return those of `names` that are there, in one round trip; one that no key opens is left out, with a log.

        Raises StoreUnavailable.
        """
        async with store_errors():
            records = await self._redis.hmget(keys.SITES, list(names))
        found: dict[str, Site] = {}
        for name, record in zip(names, records, strict=True):
            try:
                found |= {} if record is None else {name: self._read(name, record)}
            except VaultError as error:
                log.warning("site_unreadable", site=name, reason=str(error))
        return found

    async def all(self) -> list[Site]:
        """Return all sites by name. Raises VaultError, StoreUnavailable."""
        async with store_errors():
            records = await self._redis.hgetall(keys.SITES)
        return [self._read(text(name), record) for name, record in sorted(records.items())]

    async def exists(self, name: str) -> bool:
        """Whether there is such a site. Raises StoreUnavailable."""
        async with store_errors():
            return bool(await self._redis.hexists(keys.SITES, name))

    def _read(self, name: str, reply: object) -> Site:
        record = _decode(raw(reply))
        secrets = tuple(self._vault.open(sealed) for sealed in record.sealed_secrets)
        return Site(name, record.url, secrets, record.created_at_ms)
