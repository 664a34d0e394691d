"""Sessions of people who connect pages: kept where every process finds them, changed by one at a time.

The rule: a session is written in place of the very one that was read, or not at all. Of two who come with the same
link, the same answer or the same form, one goes on, and the other is told that it was done already.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from pydantic import SecretStr

from relay.core.connecting.refusals import ConnectRefused, Reason
from relay.core.connecting.session import Session
from relay.core.connecting.ticket import new_ticket, ticket_id
from shared.clock import Clock

Random = Callable[[int], bytes]
"""Makes that many random bytes that cannot be guessed."""


class Kept(NamedTuple):
    """A session as it was read."""

    session: Session
    version: bytes
    """What is written must take the place of exactly this."""


class SessionStore(Protocol):
    """Where sessions are kept, each until it expires; every method raises StoreUnavailable."""

    async def add(self, session_id: str, session: Session, *, ttl_ms: int) -> None:
        """Keep a new one."""

    async def find(self, session_id: str) -> Kept | None:
        """Return what is kept. Raises VaultError too."""

    async def replace(self, session_id: str, version: bytes, session: Session, *, ttl_ms: int) -> bool:
        """Keep it in place of what was read; False, and nothing is changed, where that is not there any more."""


class ConnectSessions:
    """Keeps sessions."""

    def __init__(self, store: SessionStore, *, clock: Clock, random: Random) -> None:
        self._store = store
        self._clock = clock
        self._random = random

    @property
    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return round(self._clock() * 1000)

    async def issue(self, session: Session) -> SecretStr:
        """Keep a new session and return its ticket. Raises StoreUnavailable."""
        ticket = new_ticket(self._random, expires_at_s=session.expires_at_ms // 1000)
        await self._store.add(ticket_id(ticket), session, ttl_ms=session.expires_at_ms - self.now_ms)
        return ticket

    async def find(self, session_id: str, *, otherwise: Reason) -> Kept:
        """Return a session. Raises ConnectRefused with the reason `otherwise` where there is none; StoreUnavailable."""
        kept = await self._store.find(session_id)
        if kept is None:
            raise ConnectRefused(otherwise)
        return kept

    async def replace(self, session_id: str, version: bytes, session: Session) -> None:
        """Write a session in place of the one that was read. Raises ConnectRefused when it is not there any more."""
        ttl_ms = max(1, session.expires_at_ms - self.now_ms)
        if not await self._store.replace(session_id, version, session, ttl_ms=ttl_ms):
            raise ConnectRefused(Reason.USED)
