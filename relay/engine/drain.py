"""The drain loop: batch after batch of one outbox, in order, one in flight, for as long as we hold its lease.

Both lanes run this very loop: the live lane in the process that accepted an event while the site was up, the retry lane
in a worker that probes a parked site. It must not know how a batch travels. It never drops an event: what is not
acknowledged is still at the head of the outbox when the next drain begins.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from relay.core.delivery import Acknowledge, Decision, Park, Pause, Shrink, Verdict, decide
from relay.core.errors import StoreUnavailable
from relay.core.lease import RENEW_EVERY_S
from relay.core.outbox import DEFAULT_LIMITS, BatchLimits
from relay.engine import metrics
from relay.engine.ports import Acknowledged, Batch, Delivery, OutboxDrain, ProbeSchedule, Step
from shared.clock import Clock
from shared.logs import get_logger

log = get_logger(__name__)

PROBE_EVENTS = 10
"""How many events the first batch to a site that was down carries: enough to prove it, little to send in vain."""


class DrainEnd(StrEnum):
    """Why a drain stopped."""

    EMPTY = "empty"
    PARKED = "parked"
    PAUSED = "paused"
    RELEASED = "released"
    """We were asked to stop; more may wait."""
    STALE = "stale"
    """The lease was lost to somebody else."""


@dataclass
class DrainStop:
    """Asks a drain to give its lease back after the batch in flight."""

    requested: bool = False


class Drain:
    """Drains outboxes; holds no state between them."""

    def __init__(
        self,
        outbox: OutboxDrain,
        delivery: Delivery,
        schedule: ProbeSchedule,
        *,
        clock: Clock,
        random: Callable[[], float],
        limits: BatchLimits = DEFAULT_LIMITS,
    ) -> None:
        self._outbox = outbox
        self._delivery = delivery
        self._schedule = schedule
        self._clock = clock
        self._random = random
        self._limits = limits

    async def run(self, site: str, *, token: str, stop: DrainStop) -> DrainEnd:
        """Drain until nothing waits, the site fails, or `stop` asks for the end. Raises StoreUnavailable.

        When Redis fails meanwhile, the lease runs out and the batch in flight may be sent again: sites expect that.
        """
        limits, done = self._limits, None
        while not stop.requested:
            step = await self._outbox.next_batch(site, token=token, done=done, limits=limits)
            if isinstance(step, Step):
                return _END_OF_STEP[step]
            if step.failures and done is None and len(step.entries) > PROBE_EVENTS:
                step = replace(step, entries=step.entries[:PROBE_EVENTS])
            verdict = await self._deliver(site, token, step)
            if verdict is None:
                return DrainEnd.STALE
            metrics.BATCHES.labels(type(verdict).__name__.lower()).inc()
            decision = self._decide(verdict, step)
            match decision:
                case Acknowledge(rejected):
                    metrics.EVENTS_DELIVERED.inc(len(step.entries) - len(rejected))
                    metrics.EVENTS_REJECTED.inc(len(rejected))
                    done, limits = Acknowledged(step.entries, rejected), _grown(limits, self._limits)
                case Shrink(max_events):
                    done, limits = None, replace(limits, max_events=max_events)
                case Park() | Pause():
                    if end := await self._leave(site, token, decision):
                        return end
                    done, limits = None, replace(limits, max_events=min(limits.max_events, PROBE_EVENTS))
        step = await self._outbox.release(site, token=token, done=done)
        return _END_OF_STEP[step]

    def _decide(self, verdict: Verdict, batch: Batch) -> Decision:
        ids = [entry.id for entry in batch.entries]
        return decide(verdict, event_ids=ids, failures=batch.failures, random=self._random())

    async def _deliver(self, site: str, token: str, batch: Batch) -> Verdict | None:
        """Deliver one batch, renewing the lease meanwhile; None when the lease was lost, and the delivery given up."""
        sending = asyncio.ensure_future(self._delivery.deliver(site, batch.entries))
        try:
            while True:
                finished, _ = await asyncio.wait({sending}, timeout=RENEW_EVERY_S)
                if finished:
                    return sending.result()
                if await self._lost(site, token):
                    return None
        finally:
            if not sending.done():
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    async def _lost(self, site: str, token: str) -> bool:
        try:
            return await self._outbox.extend(site, token=token) is Step.STALE
        except StoreUnavailable:
            return False  # Redis may be back before the lease runs out; if not, settling will find it stale

    async def _leave(self, site: str, token: str, decision: Park | Pause) -> DrainEnd | None:
        """Give the lease back; None when the site announced itself meanwhile, and so is to be tried again at once."""
        if isinstance(decision, Pause):
            await self._outbox.park(site, token=token, next_attempt_ms=None, reason=decision.reason)
            log.warning("site_paused", site=site, reason=decision.reason)
            return DrainEnd.PAUSED
        at_ms = round((self._clock() + decision.delay_s) * 1000)
        failures = await self._outbox.park(site, token=token, next_attempt_ms=at_ms, reason=decision.reason)
        if isinstance(failures, Step):
            log.info("site_tried_again", site=site, reason=decision.reason)
            return None
        if failures:
            log.warning(
                "site_parked", site=site, failures=failures, wait_s=round(decision.delay_s, 1), reason=decision.reason
            )
            await self._schedule.probe_at(site, at_ms=at_ms, attempt=failures)
        return DrainEnd.PARKED


_END_OF_STEP = {
    Step.STALE: DrainEnd.STALE,
    Step.HELD: DrainEnd.RELEASED,
    Step.IDLE: DrainEnd.EMPTY,
    Step.PAUSED: DrainEnd.PAUSED,
    Step.RELEASED: DrainEnd.RELEASED,
}


def _grown(limits: BatchLimits, full: BatchLimits) -> BatchLimits:
    """Double a batch that had to shrink, up to its full size."""
    return replace(limits, max_events=min(limits.max_events * 2, full.max_events))
