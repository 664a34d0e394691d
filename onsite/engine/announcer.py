"""Announces the site to its relay, and watches how the relay sees it. What follows from what is `core.announcing`'s.

Between two calls it wakes every few seconds for what no call would tell: that this machine slept, or that pushes which
the database could not store can be stored again.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from onsite.core.announcing import Agenda, after_absence, after_call, after_trouble_of_ours, was_away
from onsite.core.relay_answers import RelayReading
from onsite.engine.errors import StoreUnavailable
from onsite.engine.relay_link import RelayLink
from shared.clock import Clock
from shared.logs import get_logger

log = get_logger(__name__)

TICK_S = 5.0


class RelayCalls(Protocol):
    """What the site asks its relay. Never raises for what the relay or the network does: that is a reading."""

    async def ready(self) -> RelayReading:
        """Say that this site takes events now."""
        ...

    async def look(self) -> RelayReading:
        """Ask how the relay sees this site."""
        ...


class Pushes(Protocol):
    """What becomes of the relay's pushes here."""

    @property
    def last_batch_refused(self) -> bool:
        """Whether the last one could not be stored."""
        ...

    async def check(self) -> None:
        """Ask whether one could be stored now. Raises StoreUnavailable."""
        ...


class Announcer:
    """Calls the relay for as long as the site runs."""

    def __init__(
        self,
        relay: RelayCalls,
        link: RelayLink,
        pushes: Pushes,
        *,
        clock: Clock,
        monotonic: Clock,
        sleep: Callable[[float], Awaitable[None]],
        jitter: Callable[[], float],
    ) -> None:
        """`monotonic` never jumps, and may start anywhere."""
        self._relay = relay
        self._link = link
        self._pushes = pushes
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._jitter = jitter
        self._agenda = Agenda(at=monotonic())

    async def run(self) -> None:
        """Call, rest, call again, until cancelled."""
        while True:
            announcing = self._agenda.announce
            reading = await (self._relay.ready() if announcing else self._relay.look())
            self._link.note(reading, announced=announcing)
            self._agenda = after_call(self._agenda, reading, now=self._monotonic(), jitter=self._jitter())
            await self._rest()

    async def _rest(self) -> None:
        while (left_s := self._agenda.at - self._monotonic()) > 0:
            if await self._was_away(min(left_s, TICK_S)):
                log.info("site_was_away")
                self._agenda = after_absence(self._agenda, now=self._monotonic())
            elif not self._agenda.announce and await self._store_is_back():
                log.info("pushes_can_be_stored_again")
                self._agenda = after_trouble_of_ours(self._agenda, now=self._monotonic())

    async def _was_away(self, pause_s: float) -> bool:
        """Sleep, and say whether it took longer than it should have."""
        wall, monotonic = self._clock(), self._monotonic()
        await self._sleep(pause_s)
        return was_away(pause_s, wall_s=self._clock() - wall, monotonic_s=self._monotonic() - monotonic)

    async def _store_is_back(self) -> bool:
        if not self._pushes.last_batch_refused:
            return False
        try:
            await self._pushes.check()
        except StoreUnavailable:
            return False
        return True
