"""What is sealed in Redis for good, and sealing it anew under the first master key: sites' secrets, pages' tokens.

Logins in the browser hold tokens too, but none lives longer than its link: they are waited out.
"""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from redis.asyncio import Redis

from relay.adapters.hash_scan import scan_hash
from relay.adapters.replies import raw
from relay.adapters.scripts import REPLACE_SITE
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.engine.resealing import Outcome, Place
from shared.errors import VaultError
from shared.vault import Vault

SCAN_AT_ONCE = 200
"""Records read in one round trip."""

_KEYS = {Place.SITE: keys.SITES, Place.PAGE: keys.PAGES}

_encode = msgspec.json.Encoder().encode
_decode_fields = msgspec.json.Decoder(dict[str, Any]).decode


class RedisSealed:
    """Fits `engine.resealing.SealedStore`."""

    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._redis = redis
        self._vault = vault

    async def names(self, place: Place) -> AsyncIterator[str]:
        """See `engine.resealing.SealedStore.names`."""
        async for name, _ in scan_hash(self._redis, _KEYS[place], at_once=SCAN_AT_ONCE):
            yield name

    async def reseal(self, place: Place, name: str) -> Outcome:
        """See `engine.resealing.SealedStore.reseal`."""
        while True:
            async with store_errors():
                before = await self._redis.hget(_KEYS[place], name)
            if before is None:
                return Outcome.GONE
            fields = _decode_fields(raw(before))
            try:
                fresh = self._fresh(place, fields)
            except VaultError:
                return Outcome.UNREADABLE
            if fresh == fields:
                return Outcome.ALREADY
            # What else the record holds stays as it is; whoever changed it meanwhile is not undone.
            async with store_errors():
                if await REPLACE_SITE.run(self._redis, [_KEYS[place]], [name, before, _encode(fresh)]):
                    return Outcome.RESEALED

    def _fresh(self, place: Place, fields: dict[str, Any]) -> dict[str, Any]:
        if place is Place.SITE:
            return fields | {"sealed_secrets": [self._vault.reseal(each) for each in fields["sealed_secrets"]]}
        return fields | {"sealed_token": self._vault.reseal(fields["sealed_token"])}
