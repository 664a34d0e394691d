"""The drain: batch after batch of one outbox, in order, one in flight, for as long as we hold its lease.

Both lanes run this very loop: the live lane in the process that accepted an event while the site was up, the retry lane
in a worker that probes a parked site. It must not know how a batch travels. It never drops an event: what is not
acknowledged is still at the head of the outbox when the next drain begins.
"""

import math
from collections.abc import Callable, Sequence
from enum import StrEnum

from relay.core.delivery import Acknowledge, Decision, Park, Pause, Refused, Shrink, Suspect, TooLarge, Verdict, decide
from relay.core.outbox import DEFAULT_LIMITS, BatchLimits, Entry
from relay.core.pace import PROBE_EVENTS, grown, probing, shrunk
from relay.engine.metrics import note_acknowledged
from relay.engine.ports import Acknowledged, Batch, Delivery, OutboxDrain, ProbeSchedule, Step
from relay.engine.sending import Cut, DrainStop, send
from relay.engine.witnesses import hear_witnesses
from shared.clock import Clock
from shared.logs import get_logger
from shared.wire import Rejection

log = get_logger(__name__)

MOST_LARGE_BATCHES = 32
"""How many batches above probe size a process has in flight at a time, at up to 1 MiB each and as much again on its way
out. Beyond it the others go on in small ones: nobody waits for a site that hangs, and memory is bounded."""


class DrainEnd(StrEnum):
    """Why a drain stopped."""

    EMPTY = "empty"
    PARKED = "parked"
    PAUSED = "paused"
    RELEASED = "released"
    """We were asked to stop; more may wait."""
    TURN_OVER = "turn_over"
    """Its time was up; more may wait, for whoever takes the next turn."""
    STALE = "stale"
    """The lease was lost to somebody else."""


class Drain:
    """Drains outboxes. Of the drains under way it knows only how many batches are large."""

    def __init__(
        self,
        outbox: OutboxDrain,
        delivery: Delivery,
        schedule: ProbeSchedule,
        *,
        clock: Clock,
        monotonic: Clock,
        random: Callable[[], float],
        limits: BatchLimits = DEFAULT_LIMITS,
        turn_s: float = math.inf,
    ) -> None:
        """Let one drain last `turn_s` seconds at most; the batch in flight is finished.

        `clock` tells the time of day; `monotonic` may start anywhere, but is never put back or forward.
        """
        self.outbox = outbox
        self.delivery = delivery
        self.schedule = schedule
        self.clock = clock
        self.monotonic = monotonic
        self.random = random
        self.full = limits
        self.turn_s = turn_s
        self.large = 0

    async def run(self, site: str, *, token: str, stop: DrainStop) -> DrainEnd:
        """Drain until nothing waits, the site fails, the time is up, or `stop` asks for the end.

        Raises StoreUnavailable; then the lease runs out and the batch in flight may be sent again: sites expect that.
        """
        turn = _Turn(self, site, token, stop)
        while (end := await turn.one_batch()) is None:
            pass
        return end


class _Turn:
    """One drain of one outbox."""

    def __init__(self, drain: Drain, site: str, token: str, stop: DrainStop) -> None:
        self._drain = drain
        self._outbox = drain.outbox
        self._site = site
        self._token = token
        self._stop = stop
        self._ends_at = drain.monotonic() + drain.turn_s
        self._limits = drain.full
        self._done: Acknowledged | None = None
        self._begun = False

    async def one_batch(self) -> DrainEnd | None:
        """Hand in the last batch and bring the next one; None when there may be another."""
        if self._stop.requested:
            return await self._release(DrainEnd.RELEASED)
        if self._drain.monotonic() >= self._ends_at:
            return await self._release(DrainEnd.TURN_OVER)
        step = await self._next(self._affordable())
        if isinstance(step, Step):
            return _END_OF_STEP[step]
        batch = await self._as_probe(step) if step.failures and not self._begun else step
        self._begun = True
        verdict = await self._send(batch.entries)
        if isinstance(verdict, Cut):
            return await self._cut(verdict)
        decision = await self._decide(verdict, batch)
        if isinstance(decision, Suspect):
            return await self._act_on_suspect(decision, batch)
        return await self._act_on(decision, batch.entries)

    def _affordable(self) -> BatchLimits:
        return probing(self._limits) if self._drain.large >= MOST_LARGE_BATCHES else self._limits

    async def _next(self, limits: BatchLimits) -> Batch | Step:
        done, self._done = self._done, None
        return await self._outbox.next_batch(self._site, token=self._token, done=done, limits=limits)

    async def _as_probe(self, batch: Batch) -> Batch:
        """Cut the first batch to a site that was down: to one event, if that one was refused alone before."""
        one = await self._refused_before(batch.entries[0].id) > 0
        self._limits = probing(self._limits, 1 if one else PROBE_EVENTS)
        return Batch(batch.entries[: self._limits.max_events], batch.failures)

    async def _refused_before(self, event_id: str) -> int:
        refusals = await self._outbox.refusals(self._site)
        return refusals.times if refusals.event_id == event_id else 0

    async def _send(self, entries: Sequence[Entry]) -> Verdict | Cut:
        drain, large = self._drain, len(entries) > PROBE_EVENTS
        drain.large += large
        try:
            return await send(
                entries,
                site=self._site,
                token=self._token,
                leases=self._outbox,
                delivery=drain.delivery,
                stop=self._stop,
            )
        finally:
            drain.large -= large

    async def _decide(self, verdict: Verdict, batch: Batch) -> Decision:
        ids = [entry.id for entry in batch.entries]
        alone = isinstance(verdict, Refused | TooLarge) and len(ids) == 1
        return decide(
            verdict,
            event_ids=ids,
            failures=batch.failures,
            random=self._drain.random(),
            refused_before=await self._refused_before(ids[0]) if alone else 0,
        )

    async def _act_on_suspect(self, suspect: Suspect, batch: Batch) -> DrainEnd | None:
        heard = await hear_witnesses(
            lambda events: self._next(shrunk(self._limits, events)),
            self._send,
            suspect=batch.entries[0].id,
            reason=suspect.reason,
            random=self._drain.random(),
        )
        if heard is None:
            return None
        if isinstance(heard, Step):
            return _END_OF_STEP[heard]
        if isinstance(heard, Cut):
            return await self._cut(heard)
        return await self._act_on(*heard)

    async def _act_on(self, decision: Decision, entries: Sequence[Entry]) -> DrainEnd | None:
        match decision:
            case Acknowledge(rejected):
                self._acknowledged(entries, rejected)
            case Shrink(max_events):
                self._limits = shrunk(self._limits, max_events)
            case Pause():
                return await self._pause(decision)
            case Park():
                return await self._park(decision)
        return None

    def _acknowledged(self, entries: Sequence[Entry], rejected: Sequence[Rejection]) -> None:
        note_acknowledged(entries, rejected, now=self._drain.clock())
        for each in rejected:  # without the reason, which is the site's text: the dead letter has it
            log.warning("event_refused", site=self._site, event_id=each.id)
        self._done, self._limits = Acknowledged(entries, rejected), grown(self._limits, self._drain.full)

    async def _pause(self, decision: Pause) -> DrainEnd:
        await self._outbox.park(self._site, token=self._token, wait_s=None, reason=decision.reason)
        log.warning("site_paused", site=self._site, reason=decision.reason)
        return DrainEnd.PAUSED

    async def _park(self, decision: Park) -> DrainEnd | None:
        """Give the lease back; None when the site announced itself meanwhile, and so is to be tried again at once."""
        parked = await self._outbox.park(
            self._site, token=self._token, wait_s=decision.delay_s, reason=decision.reason, refused=decision.refused
        )
        if parked is Step.HELD:
            log.info("site_tried_again", site=self._site, reason=decision.reason)
            self._limits = probing(self._limits)
            return None
        if isinstance(parked, Step):
            return _END_OF_STEP[parked]
        log.warning(
            "site_parked",
            site=self._site,
            failures=parked.failures,
            wait_s=round(decision.delay_s, 1),
            reason=decision.reason,
        )
        await self._drain.schedule.probe_at(self._site, at_ms=parked.next_attempt_ms, attempt=parked.failures)
        return DrainEnd.PARKED

    async def _cut(self, cut: Cut) -> DrainEnd:
        return DrainEnd.STALE if cut is Cut.LOST else await self._release(DrainEnd.RELEASED)

    async def _release(self, end: DrainEnd) -> DrainEnd:
        done, self._done = self._done, None
        step = await self._outbox.release(self._site, token=self._token, done=done)
        return end if step is Step.RELEASED else _END_OF_STEP[step]


_END_OF_STEP = {
    Step.STALE: DrainEnd.STALE,
    Step.HELD: DrainEnd.RELEASED,
    Step.IDLE: DrainEnd.EMPTY,
    Step.PAUSED: DrainEnd.PAUSED,
    Step.RELEASED: DrainEnd.RELEASED,
}
