"""Sites in Redis: one hash, a record each, their secrets sealed under the master key."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from relay.adapters.replies import raw, text
from relay.adapters.scripts import ADD_SITE, REPLACE_SITE
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.errors import NameRests, SiteExists, SiteLeaves, SiteNotFound, WrongMasterKey
from relay.core.permission import Permission, networks_of
from relay.core.site import Site
from shared.errors import VaultError
from shared.logs import get_logger
from shared.vault import Vault

log = get_logger(__name__)


class _Record(msgspec.Struct, frozen=True):
    url: str
    sealed_secrets: list[str]
    created_at_ms: int
    allow_networks: list[str] = []
    allow_insecure: bool | None = None
    """None: written by a relay that did not keep it, and took http addresses only when it was asked to."""
    rotating_since_ms: int | None = None
    removing_since_ms: int | None = None


NAME_RESTS_S = 60
"""How long after a site's end no other one may have its name: longer than any process believes a site's token
(`engine.site_callers.KEPT_S`) or goes on with its address (`adapters.push.RECORD_KEPT_S`)."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Record).decode
_decode_fields = msgspec.json.Decoder(dict[str, Any]).decode


class RedisSites:
    """Adds, reads and lists sites.

    One that is being removed is listed, and otherwise not there any more: `adapters.redis_removal` alone reaches it.
    """

    def __init__(self, redis: Redis, vault: Vault, *, name_rests_s: float = NAME_RESTS_S) -> None:
        self._redis = redis
        self._vault = vault
        self._name_rests_s = name_rests_s

    async def add(self, site: Site) -> None:
        """Store a new site. Raises SiteExists, NameRests, StoreUnavailable."""
        secrets = [self._vault.seal(secret) for secret in site.secrets]
        record = {"sealed_secrets": secrets, "created_at_ms": site.created_at_ms} | _address_fields(site)
        async with store_errors():
            args = [site.name, _encode(record), round(self._name_rests_s * 1000)]
            answer = await ADD_SITE.run(self._redis, [keys.SITES, keys.REMOVED], args)
        if isinstance(answer, int):
            raise NameRests(site.name, rests_s=math.ceil(answer / 1000))
        if text(answer) == "exists":
            raise SiteExists(site.name)

    async def change_address(self, name: str, change: Callable[[Site], Site]) -> Site:
        """See `engine.site_admin.SiteStore.change_address`. Raises VaultError too."""
        return await self._change(name, change, lambda _record, site: _address_fields(site))

    async def change_secrets(self, name: str, change: Callable[[Site], Site]) -> Site:
        """See `engine.secret_rotation.SecretStore.change_secrets`."""
        return await self._change(name, change, self._secret_fields)

    async def get(self, name: str) -> Site:
        """Return a site. Raises SiteNotFound, VaultError, StoreUnavailable."""
        async with store_errors():
            record = await self._redis.hget(keys.SITES, name)
        if record is None:
            raise SiteNotFound(name)
        return self._read(name, _staying(name, record))

    async def find(self, names: Sequence[str]) -> dict[str, Site]:
        """Return those of `names` that are there, in one round trip; one that no key opens is left out, with a log.

        Raises StoreUnavailable.
        """
        async with store_errors():
            records = await self._redis.hmget(keys.SITES, list(names))
        found: dict[str, Site] = {}
        for name, record in zip(names, records, strict=True):
            try:
                found |= {} if record is None or _leaves(record) else {name: self._read(name, record)}
            except VaultError as error:
                log.warning("site_unreadable", site=name, reason=str(error))
        return found

    async def all(self) -> list[Site]:
        """Return all sites by name. Raises VaultError, StoreUnavailable."""
        async with store_errors():
            records = await self._redis.hgetall(keys.SITES)
        return [self._read(text(name), record) for name, record in sorted(records.items())]

    async def check_key(self) -> None:
        """Try the master key on any one site. Raises WrongMasterKey, StoreUnavailable."""
        async with store_errors():
            any_name: Any = await self._redis.hrandfield(keys.SITES)
        if any_name is None:
            return
        try:
            await self.get(text(any_name))
        except SiteNotFound:
            return  # removed at this very moment
        except VaultError:
            raise WrongMasterKey(
                "this Redis holds sites that were sealed with another master key. Set RELAY_MASTER_KEY and"
                " RELAY_ADMIN_TOKEN to those of the relay's other processes, or use their data folder"
            ) from None

    async def exists(self, name: str) -> bool:
        """Whether there is such a site. Raises StoreUnavailable."""
        async with store_errors():
            record = await self._redis.hget(keys.SITES, name)
        return record is not None and not _leaves(record)

    async def _change(
        self, name: str, change: Callable[[Site], Site], fields_of: Callable[[bytes, Site], dict[str, Any]]
    ) -> Site:
        """Write some fields anew, as often as somebody else wrote the record meanwhile: no change undoes another."""
        while True:
            async with store_errors():
                before = await self._redis.hget(keys.SITES, name)
            if before is None:
                raise SiteNotFound(name)
            site = change(self._read(name, _staying(name, before)))
            # What else the record holds stays as it is: fields of a newer relay, and secrets as they were sealed.
            after = _encode(_decode_fields(raw(before)) | fields_of(raw(before), site))
            async with store_errors():
                if await REPLACE_SITE.run(self._redis, [keys.SITES], [name, before, after]):
                    return site

    def _secret_fields(self, record: bytes, site: Site) -> dict[str, Any]:
        kept = {self._vault.open(sealed): sealed for sealed in _decode(record).sealed_secrets}
        sealed = [kept.get(secret) or self._vault.seal(secret) for secret in site.secrets]
        return {"sealed_secrets": sealed, "rotating_since_ms": site.rotating_since_ms}

    def _read(self, name: str, reply: object) -> Site:
        record = _decode(raw(reply))
        secrets = tuple(self._vault.open(sealed) for sealed in record.sealed_secrets)
        insecure = record.url.startswith("http:") if record.allow_insecure is None else record.allow_insecure
        permission = Permission(networks_of(record.allow_networks), insecure)
        return Site(name, record.url, secrets, record.created_at_ms, permission, record.rotating_since_ms)


def _leaves(record: object) -> bool:
    return _decode(raw(record)).removing_since_ms is not None


def _staying(name: str, record: object) -> object:
    """Return the record. Raises SiteLeaves for that of a site which is being removed."""
    if _leaves(record):
        raise SiteLeaves(name)
    return record


def _address_fields(site: Site) -> dict[str, Any]:
    return {
        "url": site.url,
        "allow_networks": site.permission.network_texts,
        "allow_insecure": site.permission.insecure,
    }
