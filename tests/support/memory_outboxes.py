"""The outboxes in memory: a fake of the store's ports that keeps their whole contract, and a trouble-maker on request.

One class stands for Redis, as the ports are views of one store. Whatever it returns is what the scripts would return;
`tests/integration/relay/adapters/test_*_contract.py` run one suite against both.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from relay.adapters.redis_drain import EARLY_PROBE_MS
from relay.core.choice import Choice
from relay.core.delivery import DeliveryState
from relay.core.lease import LEASE_TTL_MS
from relay.core.limits import DEAD_LIMITS, OUTBOX_LIMITS, Limits, LossReason, Part
from relay.core.outbox import BatchLimits, is_holding
from relay.core.webhook import Incoming
from relay.engine.announcing import Announced
from relay.engine.outbox_admin import Action, Sifted
from relay.engine.ports import Acknowledged, Appended, Batch, Parked, Refusals, Step
from relay.engine.sweep import Rank, Taken, Waiting
from shared.clock import Clock
from tests.support.memory_bindings import MemoryBindings
from tests.support.memory_outbox import Outbox

TAKEN_FOR_MS = 5_000


class MemoryOutboxes(MemoryBindings):
    """Fits `OutboxAppender`, `OutboxDrain`, `Announcements`, `BacklogIndex`, and what its base fits."""

    def __init__(self, clock: Clock, *, limits: Limits = OUTBOX_LIMITS, dead_limits: Limits = DEAD_LIMITS) -> None:
        super().__init__(clock, limits=limits, dead_limits=dead_limits)
        self.nearly_full: set[str] = set()
        """What the last append to an outbox said."""
        self.sweeper = ""

    def holder(self, name: str) -> str:
        """Return the token under which an outbox is drained now, or an empty text."""
        return self.box(name).holder(self._clock())

    # OutboxAppender

    async def append(self, groups: Mapping[str, Sequence[Incoming]], *, token: str) -> Mapping[str, Appended]:
        """See the port."""
        self._called("append")
        for name in groups:
            self.looks[name] = 0
        return {name: self._append(name, events, token) for name, events in groups.items()}

    # OutboxDrain

    async def claim(self, outbox: str, *, token: str, if_due: bool = False) -> bool:
        """See the port."""
        self._called("claim")
        self.looks[outbox] = 0
        box = self.box(outbox)
        ahead_ms = (box.next_attempt_ms or 0) - self._now_ms()
        if if_due and box.state is DeliveryState.PARKED and ahead_ms > EARLY_PROBE_MS:
            return False
        return self._take(outbox, token)

    async def next_batch(
        self, outbox: str, *, token: str, done: Acknowledged | None, limits: BatchLimits
    ) -> Batch | Step:
        """See the port."""
        self._called("next_batch")
        if not self._holds(outbox, token):
            return Step.STALE
        box = self.box(outbox)
        self._acknowledge(outbox, done)
        if box.state is DeliveryState.PAUSED or not box.entries:
            box.token = ""
            return Step.PAUSED if box.state is DeliveryState.PAUSED else Step.IDLE
        self._prolong(box)
        return Batch(box.hand_out(limits), box.failures)

    async def extend(self, outbox: str, *, token: str) -> Step:
        """See the port."""
        self._called("extend")
        if not self._holds(outbox, token):
            return Step.STALE
        self._prolong(self.box(outbox))
        return Step.HELD

    async def release(self, outbox: str, *, token: str, done: Acknowledged | None) -> Step:
        """See the port."""
        self._called("release")
        if not self._holds(outbox, token):
            return Step.STALE
        self._acknowledge(outbox, done)
        self.box(outbox).token = ""
        self.looks[outbox] = 0
        return Step.RELEASED

    async def park(
        self, outbox: str, *, token: str, wait_s: float | None, reason: str, refused: str = ""
    ) -> Parked | Step:
        """See the port."""
        self._called("park")
        if not self._holds(outbox, token):
            return Step.STALE
        box = self.box(outbox)
        announced, box.ready = box.ready == token, ""
        if announced and wait_s is not None and box.state is not DeliveryState.PAUSED:
            self._prolong(box)
            return Step.HELD
        box.token = ""
        if box.state is DeliveryState.PAUSED:
            return Step.PAUSED
        box.last_error = reason
        box.failures += 1
        if refused:
            box.refusals = Refusals(refused, box.refusals.times + 1 if box.refusals.event_id == refused else 1)
        if wait_s is None:
            box.state, box.next_attempt_ms = DeliveryState.PAUSED, None
            return Step.PAUSED
        box.state, box.next_attempt_ms = DeliveryState.PARKED, self._now_ms() + round(wait_s * 1000)
        return Parked(box.failures, box.next_attempt_ms)

    async def refusals(self, outbox: str) -> Refusals:
        """See the port."""
        self._called("refusals")
        return self.box(outbox).refusals

    # Announcements

    async def ready(self, outbox: str) -> Announced:
        """See the port."""
        self._called("ready")
        box, holder = self.box(outbox), self.holder(outbox)
        if box.entries and not holder:
            self.looks[outbox] = 0
        if box.state is not DeliveryState.PAUSED:
            box.next_attempt_ms, box.ready = None, holder or box.ready
            if box.state is DeliveryState.PARKED:
                box.failures = 1 if box.entries else 0
                box.state = DeliveryState.PARKED if box.entries else DeliveryState.UP
        return Announced(box.state, len(box.entries), bool(holder))

    # BacklogIndex

    async def take(self, rank: Rank, token: str) -> Taken | None:
        """See the port."""
        self._called("take")
        if self.sweeper not in {"", f"{rank}:{token}"} and not (rank is Rank.WORKER and self.sweeper.startswith("web")):
            return None
        self.sweeper = f"{rank}:{token}"
        now_ms = self._now_ms()
        due = {name: ms for name, ms in sorted(self.looks.items(), key=lambda look: look[1]) if ms <= now_ms}
        self.looks.update(dict.fromkeys(due, now_ms + TAKEN_FOR_MS))
        return Taken(now_ms, now_ms + TAKEN_FOR_MS, [self._waiting(name, ms) for name, ms in due.items()])

    async def plan(self, taken: Taken, looks: Mapping[str, int | None]) -> None:
        """See the port."""
        self._called("plan")
        for name, again_ms in looks.items():
            if self.looks.get(name) == taken.until_ms:
                if again_ms is None:
                    del self.looks[name]
                else:
                    self.looks[name] = again_ms

    # OutboxStore, as far as histories need it

    async def sift(self, outbox: str, part: Part, action: Action, choice: Choice, *, reason: str) -> Sifted:
        """See the port; all in one step, and of a choice only its page is looked at."""
        self._called("sift")
        other = Part.DEAD if part is Part.WAITING else Part.WAITING
        if action is Action.MOVE and other is Part.WAITING:
            self.looks[outbox] = 0
        box, room = self.box(outbox), self.limits[other]
        return box.sift(part, action, choice.page_id, self._new_id, room=room, now=self._clock(), reason=reason)

    def _holds(self, outbox: str, token: str) -> bool:
        return bool(token) and self.holder(outbox) == token

    def _append(self, name: str, events: Sequence[Incoming], token: str) -> Appended:
        box, limits = self.box(name), self.limits[Part.WAITING]
        before = len(box.entries)
        appended, receipts = box.put(events, self._new_id, limits=limits, look=name in self.nearly_full)
        added = len(box.entries) > before
        if receipts or (added and box.nearly_full(limits)):
            self.nearly_full.add(name)
        else:
            self.nearly_full.discard(name)
        box.count_receipts(receipts, token)
        lost = box.trim(Part.WAITING, limits, now=self._clock()) if added else Counter[LossReason]()
        self._alarm(name, Counter({LossReason.RECEIPTS: receipts}) + lost)
        wanted = bool(token) and added and box.state is DeliveryState.UP and not is_holding(name)
        return replace(appended, leased=wanted and self._take(name, token))

    def _acknowledge(self, name: str, done: Acknowledged | None) -> None:
        if done is None:
            return
        box = self.box(name)
        box.acknowledge(done, self._new_id)
        if done.rejected:
            self._alarm(name, box.trim(Part.DEAD, self.limits[Part.DEAD], now=self._clock()))

    def _take(self, name: str, token: str) -> bool:
        if self.holder(name):
            return self.holder(name) == token
        box = self.box(name)
        box.token = token
        self._prolong(box)
        return True

    def _prolong(self, box: Outbox) -> None:
        box.leased_until = self._clock() + LEASE_TTL_MS / 1000

    def _waiting(self, name: str, planned_ms: int) -> Waiting:
        box = self.box(name)
        lease_ms = round((box.leased_until - self._clock()) * 1000) if self.holder(name) else 0
        return Waiting(name, planned_ms, len(box.entries), lease_ms, box.state, box.next_attempt_ms or 0)
