"""A site announces itself: its backoff is forgotten and what waits for it leaves at once, from this process.

Nothing here decides how a batch travels or what a failure means: that is the drain's. Whatever happens between these
steps (the process dies, Redis is away), the site is due, and the sweep takes it within seconds.
"""

from dataclasses import dataclass, replace
from typing import Protocol

from relay.core.delivery import DeliveryState
from relay.engine.sweep import Claims
from shared.logs import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Announced:
    """How a site stands after it announced itself."""

    state: DeliveryState
    """Parked until a batch gets through; up at once where nothing waits; paused stays paused."""
    waiting: int
    draining: bool
    """Whether somebody brings it what waits, now."""


class Announcements(Protocol):
    """Where a site's backoff is kept."""

    async def ready(self, outbox: str) -> Announced:
        """Forget the backoff of a site that is not paused. Raises StoreUnavailable.

        A drain that holds the lease tries once more instead of parking (`engine.ports.OutboxDrain.park`).
        """


class Announcing:
    """The use case behind `POST /v1/sites/{site}/ready`."""

    def __init__(self, store: Announcements, lane: Claims) -> None:
        self._store = store
        self._lane = lane

    async def ready(self, site: str) -> Announced:
        """Have a site drained at once unless it is paused or is being drained already. Raises StoreUnavailable."""
        found = await self._store.ready(site)
        if found.waiting and not found.draining and found.state is not DeliveryState.PAUSED:
            found = replace(found, draining=await self._lane.claim(site))
        log.info("site_ready", site=site, state=found.state.value, waiting=found.waiting, draining=found.draining)
        return found
