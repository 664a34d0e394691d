"""Connected pages in Redis: one hash, a record each, the token sealed under the master key."""

import msgspec
from redis.asyncio import Redis

from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.page import ConnectedPage
from shared.vault import Vault


class _Record(msgspec.Struct, frozen=True):
    site: str
    name: str
    sealed_token: str
    connected_at_ms: int


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Record).decode


class RedisPages:
    """Keeps pages; fits `engine.page_connection.PageStore`."""

    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._redis = redis
        self._vault = vault

    async def save(self, page: ConnectedPage) -> None:
        """See `engine.page_connection.PageStore.save`."""
        record = _Record(page.site, page.name, self._vault.seal(page.token), page.connected_at_ms)
        async with store_errors():
            await self._redis.hset(keys.PAGES, page.page_id, _encode(record))

    async def find(self, page_id: str) -> ConnectedPage | None:
        """See `engine.page_connection.PageStore.find`. Raises VaultError too."""
        async with store_errors():
            found = await self._redis.hget(keys.PAGES, page_id)
        if found is None:
            return None
        record = _decode(found)
        token = self._vault.open(record.sealed_token)
        return ConnectedPage(page_id, record.site, record.name, token, record.connected_at_ms)

    async def forget(self, page_id: str) -> None:
        """See `engine.page_connection.PageStore.forget`."""
        async with store_errors():
            await self._redis.hdel(keys.PAGES, page_id)
