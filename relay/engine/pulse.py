"""The pulse of intake: each web process notes now and then that it could take events, so that an outage is known after.

What it knows: that no web process ran, or that Redis took nothing, both of which answer Meta with an error. What it
cannot know: that Meta did not reach the relay, by a certificate or a proxy in front; that shows as a page that was
unsubscribed (`engine.watchdog`).
"""

import asyncio
from contextlib import suppress
from typing import Protocol

from relay.core.errors import StoreUnavailable
from shared.logs import get_logger

log = get_logger(__name__)

BEAT_EVERY_S = 60.0
METAS_HOUR_S = 3600.0
"""After failing for so long Meta unsubscribes the app from a page, and drops what it held.
https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks"""


class PulseStore(Protocol):
    """Where the pulse is kept, by one clock."""

    async def beat(self, *, too_long_s: float) -> float:
        """Note that events can be taken now; keep the time before as an outage if it was longer than that.

        Returns how long it was in seconds, 0 if not too long. Raises StoreUnavailable when none can be taken.
        """


class Pulse:
    """The pulse of one web process."""

    def __init__(self, store: PulseStore) -> None:
        self._store = store

    async def run(self, stop: asyncio.Event) -> None:
        """Beat until `stop` is set; outlives every trouble."""
        while not stop.is_set():
            try:
                await self.once()
            except Exception:
                log.exception("pulse_failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), BEAT_EVERY_S)

    async def once(self) -> None:
        """Beat once; while Redis takes nothing, there is none."""
        try:
            away_s = await self._store.beat(too_long_s=METAS_HOUR_S)
        except StoreUnavailable as error:
            log.warning("pulse_waits_for_redis", reason=str(error))
            return
        if away_s:
            log.warning("relay_was_away", seconds=round(away_s))
