"""Fetches the names of Messenger's customers, which their messages do not tell: once, and again when they got old.

Only who wrote is asked for, a page at a time, slowly. A page whose token is dead or whose limit is reached is left
alone for a while, and costs the others nothing. A name is a courtesy: no message waits for it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from onsite.core.errors import ChannelNotFound, FacebookError
from onsite.core.facebook.profile import FRESH_MS, OF_THE_PAGE, UNTOLD_MS, Profile
from onsite.engine.channels import Credentials
from onsite.engine.pace import Pace
from onsite.engine.ports import ChannelStore
from shared.clock import Clock
from shared.errors import VaultError
from shared.logs import get_logger

log = get_logger(__name__)

LOOK_EVERY_S = 60.0
"""How often it is looked who wrote, where nobody says that somebody did."""
AT_ONCE = 50
PAUSE_S = 600.0
"""How long a page is left alone after trouble that is not one person's."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A customer whose name is to be asked for."""

    contact_id: int
    channel_id: int
    psid: str


class ProfileStore(Protocol):
    """Whose names are to be asked for; every method may raise StoreUnavailable."""

    async def due(self, *, now_ms: int, not_of: Sequence[int], limit: int) -> Sequence[Unknown]:
        """Return some, of other channels than `not_of`."""
        ...

    async def keep(self, contact_id: int, name: str, *, again_at_ms: int) -> None:
        """Keep a name, an empty one as the one that is there, and when to ask again."""
        ...


class ProfileSource(Protocol):
    """Who knows names."""

    async def profile(self, psid: str, credentials: Credentials) -> Profile:
        """Ask for one. Raises FacebookError."""
        ...


class Profiles:
    """The task behind customers' names."""

    def __init__(
        self,
        store: ProfileStore,
        channels: ChannelStore,
        source: ProfileSource,
        pace: Pace,
        *,
        clock: Clock,
    ) -> None:
        self._store = store
        self._channels = channels
        self._source = source
        self._pace = pace
        self._clock = clock
        self._woken = asyncio.Event()
        self._resting: dict[int, float] = {}
        """Channels that are left alone, and until when."""

    def wake(self) -> None:
        """Look soon, as somebody wrote."""
        self._woken.set()

    async def run(self) -> None:
        """Ask, until cancelled. Raises StoreUnavailable; then it is to be started again."""
        while True:
            self._woken.clear()
            if not await self.once():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), LOOK_EVERY_S)

    async def once(self) -> int:
        """Ask for some names; returns how many contacts that were. Raises StoreUnavailable."""
        now = self._clock()
        self._resting = {channel: until for channel, until in self._resting.items() if now < until <= now + PAUSE_S}
        due = await self._store.due(now_ms=round(now * 1000), not_of=list(self._resting), limit=AT_ONCE)
        for unknown in due:
            if unknown.channel_id not in self._resting:
                await self._ask(unknown)
        return len(due)

    async def _ask(self, unknown: Unknown) -> None:
        try:
            credentials = await self._channels.credentials(unknown.channel_id)
            if credentials is None:
                self._rest(unknown.channel_id, "there is no token")
                return
            await self._pace.turn(str(unknown.channel_id))
            profile = await self._source.profile(unknown.psid, credentials)
        except FacebookError as error:
            if error.trouble in OF_THE_PAGE:
                self._rest(unknown.channel_id, str(error))
                return
            profile = Profile()
        except (VaultError, ChannelNotFound) as error:
            self._rest(unknown.channel_id, str(error))
            return
        pause_ms = FRESH_MS if profile.name else UNTOLD_MS
        await self._store.keep(unknown.contact_id, profile.name, again_at_ms=round(self._clock() * 1000) + pause_ms)

    def _rest(self, channel_id: int, reason: str) -> None:
        self._resting[channel_id] = self._clock() + PAUSE_S
        log.info("names_not_asked_for", channel=channel_id, reason=reason, pause_s=PAUSE_S)
