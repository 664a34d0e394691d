"""Connected pages in Redis: one hash, a record each, the token sealed under the master key.

The pages of a person are found by looking through all of them: it is asked for when somebody leaves, which is seldom,
and an index beside the records could only come to disagree with them.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from relay.adapters.hash_scan import scan_hash
from relay.adapters.redis_put import go_on
from relay.adapters.replies import raw
from relay.adapters.scripts import FORGET_CONNECTION, PUT_BACK, REASSIGN
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.change import Mandate
from relay.core.page import ConnectedPage, LockedPage, PersonsPage
from relay.engine.page_connection import Swap
from shared.errors import VaultError
from shared.logs import get_logger
from shared.vault import Vault

log = get_logger(__name__)


class _Record(msgspec.Struct, frozen=True):
    site: str
    name: str
    sealed_token: str
    connected_at_ms: int
    connected_by: str = ""  # records of earlier releases have none
    moved_at_ms: int = 0  # the same


SCAN_AT_ONCE = 200
"""Records read in one round trip: some 100 KB, as a token may be long."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Record).decode
_decode_fields = msgspec.json.Decoder(dict[str, Any]).decode


class RedisPages:
    """Keeps pages; fits `engine.page_connection.PageStore` and `engine.page_notices.Reassigning`."""

    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._redis = redis
        self._vault = vault

    async def save(self, page: ConnectedPage) -> Swap:
        """See `engine.page_connection.PageStore.save`."""
        sealed = self._vault.seal(page.token)
        record = _Record(page.site, page.name, sealed, page.connected_at_ms, page.connected_by, page.moved_at_ms)
        after = _encode(record)
        async with store_errors(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hget(keys.PAGES, page.page_id)
            pipeline.hset(keys.PAGES, page.page_id, after)
            found, _ = await pipeline.execute()
        return Swap(None if found is None else raw(found), after)

    async def undo(self, page_id: str, swap: Swap) -> None:
        """See `engine.page_connection.PageStore.undo`."""
        async with store_errors():
            await PUT_BACK.run(self._redis, [keys.PAGES], [page_id, swap.after, swap.before or b""])

    async def find(self, page_id: str) -> ConnectedPage | None:
        """See `engine.page_connection.PageStore.find`. Raises VaultError too."""
        async with store_errors():
            found = await self._redis.hget(keys.PAGES, page_id)
        return None if found is None else self._read(page_id, raw(found))

    async def many(self, page_ids: Sequence[str]) -> Mapping[str, ConnectedPage | LockedPage]:
        """Return what is kept of each, as far as it can be opened. Raises StoreUnavailable."""
        async with store_errors():
            found = await self._redis.hmget(keys.PAGES, list(page_ids))
        records = {page_id: raw(record) for page_id, record in zip(page_ids, found, strict=True) if record is not None}
        return {page_id: self._read_as_far(page_id, record) for page_id, record in records.items()}

    async def forget(self, page_id: str) -> None:
        """See `engine.page_connection.PageStore.forget`."""
        async with store_errors():
            await self._redis.hdel(keys.PAGES, page_id)

    async def forget_connection(self, page: ConnectedPage) -> bool:
        """See `engine.page_connection.PageStore.forget_connection`."""
        async with store_errors():
            args = [page.page_id, page.site, page.connected_at_ms]
            return bool(await FORGET_CONNECTION.run(self._redis, [keys.PAGES], args))

    async def of_person(self, user_id: str) -> Sequence[PersonsPage]:
        """See `engine.page_connection.PageStore.of_person`."""
        found = {
            page_id: PersonsPage(page_id, record.connected_at_ms)
            async for page_id, record in self._scan()
            if record.connected_by == user_id
        }
        return [found[page_id] for page_id in sorted(found)]

    async def of_site(self, site: str) -> Sequence[str]:
        """Return the pages that are kept as this site's, in order. Raises StoreUnavailable."""
        return sorted({page_id async for page_id, record in self._scan() if record.site == site})

    async def reassign(self, mandate: Mandate, site: str, *, now_ms: int) -> ConnectedPage | None:
        """See `engine.page_notices.Reassigning.reassign`."""
        script_keys = [keys.PAGES, keys.gates(keys.PAGES)]
        while True:
            async with store_errors():
                before = await self._redis.hget(keys.PAGES, mandate.page_id)
            if before is None:
                return None
            after = _reassigned(raw(before), site, now_ms=now_ms)
            async with store_errors():
                written = await REASSIGN.run(self._redis, script_keys, [*mandate, before, after])
            go_on(mandate, written is not None)
            if written:
                return self._read(mandate.page_id, after)

    async def _scan(self) -> AsyncIterator[tuple[str, _Record]]:
        """Go through all pages; one may come twice."""
        async for page_id, record in scan_hash(self._redis, keys.PAGES, at_once=SCAN_AT_ONCE):
            try:
                yield page_id, _decode(record)
            except msgspec.DecodeError as error:  # of another release, perhaps: it costs no other page
                log.warning("page_record_unreadable", page=page_id, reason=str(error))

    def _read_as_far(self, page_id: str, found: bytes) -> ConnectedPage | LockedPage:
        try:
            return self._read(page_id, found)
        except VaultError:
            record = _decode(found)
            return LockedPage(page_id, record.connected_at_ms, record.moved_at_ms)
        except msgspec.DecodeError as error:
            log.warning("page_record_unreadable", page=page_id, reason=str(error))
            return LockedPage(page_id, 0, 0)

    def _read(self, page_id: str, found: bytes) -> ConnectedPage:
        record = _decode(found)
        token = self._vault.open(record.sealed_token)
        return ConnectedPage(
            page_id,
            record.site,
            record.name,
            token,
            record.connected_at_ms,
            record.connected_by,
            record.moved_at_ms,
        )


def _reassigned(record: bytes, site: str, *, now_ms: int) -> bytes:
    """Return the record of a page that is a site's from now on; of one that is so already, the same.

    What else it holds stays as it is: fields of a newer relay, and the token as it was sealed.
    """
    fields = _decode_fields(record)
    return record if fields["site"] == site else _encode(fields | {"site": site, "moved_at_ms": now_ms})
