"""Sessions of people who connect pages, in Redis: one key each, named by the ticket's hash, and gone when it expires.

Pages' tokens stand there while their person chooses, sealed under the master key.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from pydantic import SecretStr
from redis.asyncio import Redis

from relay.adapters.scripts import REPLACE_SESSION
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.connecting.listing import ListedPage
from relay.core.connecting.session import Session, Stage
from relay.engine.connect_sessions import Kept
from shared.vault import Vault


class _Page(msgspec.Struct, frozen=True):
    id: str
    name: str
    token: str
    lacks: tuple[str, ...]


class _Record(msgspec.Struct, frozen=True):
    site: str
    return_to: str
    expires_at_ms: int
    stage: Stage
    browser: str
    login: str
    sealed_pages: str
    person: str
    incomplete: bool
    departures: int = 0


SCAN_AT_ONCE = 1000
"""Keys gone through in one round trip: a millisecond of Redis' time."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Record).decode
_decode_pages = msgspec.json.Decoder(list[_Page]).decode


class RedisConnectSessions:
    """Fits `engine.connect_sessions.SessionStore`."""

    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._redis = redis
        self._vault = vault

    async def add(self, session_id: str, session: Session, *, ttl_ms: int) -> None:
        """See `engine.connect_sessions.SessionStore.add`."""
        async with store_errors():
            await self._redis.set(keys.connect_session(session_id), self._written(session), px=ttl_ms)

    async def find(self, session_id: str) -> Kept | None:
        """See `engine.connect_sessions.SessionStore.find`."""
        async with store_errors():
            found: Any = await self._redis.get(keys.connect_session(session_id))
        return None if found is None else Kept(self._read(found), found)

    async def replace(self, session_id: str, version: bytes, session: Session, *, ttl_ms: int) -> bool:
        """See `engine.connect_sessions.SessionStore.replace`."""
        args = [version, self._written(session), ttl_ms]
        async with store_errors():
            return bool(await REPLACE_SESSION.run(self._redis, [keys.connect_session(session_id)], args))

    async def forget_site(self, site: str) -> None:
        """Keep no session of a site. Looks at every key there is; raises StoreUnavailable."""
        await self._forget(lambda record: record.site == site)

    async def forget_person(self, user_id: str) -> None:
        """Keep no session of a person. Looks at every key there is; raises StoreUnavailable."""
        await self._forget(lambda record: record.person == user_id)

    async def _forget(self, is_meant: Callable[[_Record], bool]) -> None:
        found = self._redis.scan_iter(match=keys.connect_session("*"), count=SCAN_AT_ONCE)
        while True:
            async with store_errors():
                key: Any = await anext(found, None)
                if key is None:
                    return
                record: Any = await self._redis.get(key)
                if record is not None and is_meant(_decode(record)):
                    await self._redis.delete(key)

    def _written(self, session: Session) -> bytes:
        pages = [_Page(page.id, page.name, page.token.get_secret_value(), page.lacks) for page in session.pages]
        sealed = self._vault.seal(SecretStr(_encode(pages).decode())) if pages else ""
        return _encode(
            _Record(
                session.site,
                session.return_to,
                session.expires_at_ms,
                session.stage,
                session.browser,
                session.login,
                sealed,
                session.person,
                session.incomplete,
                session.departures,
            )
        )

    def _read(self, written: bytes) -> Session:
        record = _decode(written)
        pages = _decode_pages(self._vault.open(record.sealed_pages).get_secret_value()) if record.sealed_pages else []
        return Session(
            record.site,
            record.return_to,
            record.expires_at_ms,
            record.stage,
            record.browser,
            record.login,
            tuple(ListedPage(page.id, page.name, SecretStr(page.token), page.lacks) for page in pages),
            record.person,
            record.incomplete,
            record.departures,
        )
