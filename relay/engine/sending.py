"""One delivery of one batch, for as long as the lease is ours: renewed meanwhile, given up when it is lost.

A process that must end waits for deliveries under way, but not for a site that hangs: then they are given up, too, and
come again from whoever takes the lease next.
"""

import asyncio
from collections.abc import Sequence
from enum import Enum, auto
from typing import Protocol

from relay.core.delivery import Verdict
from relay.core.errors import StoreUnavailable
from relay.core.lease import RENEW_EVERY_S
from relay.core.outbox import Entry
from relay.engine import metrics
from relay.engine.ports import Delivery, Step


class Cut(Enum):
    """Why a delivery has no verdict."""

    LOST = auto()
    """The lease belongs to somebody else."""
    GIVEN_UP = auto()
    """This process must end."""


class DrainStop:
    """Asks the drains of a process to give their leases back: after the batch in flight, and then without it."""

    def __init__(self) -> None:
        self.requested = False
        self._in_flight: set[asyncio.Future[Verdict]] = set()

    def give_up(self) -> None:
        """Wait no longer for batches in flight."""
        self.requested = True
        for sending in self._in_flight:
            sending.cancel()

    def begun(self, sending: asyncio.Future[Verdict]) -> None:
        """Note a delivery, until it is done."""
        self._in_flight.add(sending)
        sending.add_done_callback(self._in_flight.discard)


class Leases(Protocol):
    """Where a lease is renewed."""

    async def extend(self, outbox: str, *, token: str) -> Step:
        """Keep the lease while a slow site answers."""


async def send(
    entries: Sequence[Entry], *, site: str, token: str, leases: Leases, delivery: Delivery, stop: DrainStop
) -> Verdict | Cut:
    """Deliver one batch. Raises StoreUnavailable when the site's record cannot be read."""
    sending = asyncio.ensure_future(delivery.deliver(site, entries))
    stop.begun(sending)
    try:
        while not (await asyncio.wait({sending}, timeout=RENEW_EVERY_S))[0]:
            if await _lost(leases, site, token):
                return Cut.LOST
    finally:
        if not sending.done():
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        elif not sending.cancelled():
            sending.exception()  # looked at: one that failed while the lease was lost concerns nobody any more
    if sending.cancelled():
        return Cut.GIVEN_UP
    verdict = sending.result()
    metrics.BATCHES.labels(type(verdict).__name__.lower()).inc()
    return verdict


async def _lost(leases: Leases, site: str, token: str) -> bool:
    try:
        return await leases.extend(site, token=token) is Step.STALE
    except StoreUnavailable:
        return False  # Redis may be back before the lease runs out; if not, settling will find it stale
