"""The ports of one store of outboxes, be it Redis or its fake, and what tests must see of it that no port shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from redis.asyncio import Redis

from relay.adapters.redis_append import RedisAppender
from relay.adapters.redis_backlog import RedisBacklog
from relay.adapters.redis_bindings import RedisBindings
from relay.adapters.redis_drain import RedisDrain
from relay.adapters.redis_handover import RedisHandover
from relay.adapters.redis_outboxes import RedisOutboxes
from relay.adapters.redis_put import Putter
from relay.adapters.redis_ready import RedisAnnouncements
from relay.core import keys
from relay.core.choice import Choice
from relay.core.delivery import DeliveryState
from relay.core.errors import StoreUnavailable
from relay.core.limits import DEAD_LIMITS, OUTBOX_LIMITS, Limits, LossReason, Part
from relay.core.outbox import DEFAULT_LIMITS, BatchLimits
from relay.engine.announcing import Announcements
from relay.engine.binding import BindingStore
from relay.engine.handover import HandoverStore
from relay.engine.outbox_admin import Action, Sifted
from relay.engine.ports import Acknowledged, Appended, Batch, OutboxAppender, OutboxDrain, Parked, Step
from relay.engine.sweep import BacklogIndex, Rank, Waiting
from tests.support.clock import ManualClock
from tests.support.fakes import incoming
from tests.support.memory_outbox import size_of
from tests.support.memory_outboxes import MemoryOutboxes
from tests.support.streams import entries, payloads_in

SIFTED_AT_ONCE = 2
"""Events gone through in one step, so that hardly anything is done in one."""
WAIT_S = 600.0
"""How long a site that failed is left alone here: longer than any test."""
NOTHING = Sifted("", "", 0, 0, 0, 0, full=False)


class Sifter(Protocol):
    """The part of `engine.outbox_admin.OutboxStore` that changes something."""

    async def sift(self, outbox: str, part: Part, action: Action, choice: Choice, *, reason: str) -> Sifted:
        """See the port."""


@dataclass
class Store:
    """One store."""

    appender: OutboxAppender
    drain: OutboxDrain
    index: BacklogIndex
    bindings: BindingStore
    handover: HandoverStore
    announcements: Announcements
    sifter: Sifter
    clock: ManualClock
    memory: MemoryOutboxes | None = None
    redis: Redis | None = None
    alarms: list[tuple[str, Mapping[LossReason, int]]] = field(default_factory=list)
    """What was told of losses."""

    async def add(self, outbox: str, *texts: str, holder: str = "", page: str = "1") -> Appended:
        """Append events to one outbox."""
        return taken_by(outbox, await self.appender.append({outbox: incoming(page, *texts)}, token=holder))

    async def take(self, holder: str, done: Acknowledged | None = None, limits: BatchLimits = DEFAULT_LIMITS) -> Batch:
        """Get the next batch, of which there must be one."""
        step = await self.drain.next_batch("acme", token=holder, done=done, limits=limits)
        assert isinstance(step, Batch), step
        return step

    async def due(self, *, stay_due: bool = False) -> list[Waiting]:
        """Take the outboxes whose look is due; `stay_due` gives them back at once."""
        taken = await self.index.take(Rank.WORKER, "1")
        assert taken is not None
        if stay_due:
            await self.index.plan(taken, {each.outbox: taken.now_ms for each in taken.outboxes})
        return list(taken.outboxes)

    async def waiting(self, outbox: str = "acme") -> list[bytes]:
        """Return the payloads that wait."""
        if self.memory is not None:
            return self.memory.payloads(outbox)
        assert self.redis is not None
        return await payloads_in(self.redis, keys.outbox(outbox))

    async def dead(self) -> list[tuple[bytes, str]]:
        """Return the dead letters with their reasons."""
        if self.memory is not None:
            return [(letter.entry.payload, letter.reason) for letter in self.memory.box("acme").dead]
        assert self.redis is not None
        return [(fields[b"d"], fields[b"why"].decode()) for _, fields in await entries(self.redis, keys.dead("acme"))]

    async def losses(self, outbox: str = "acme") -> dict[LossReason, int]:
        """Return what was counted as lost."""
        if self.memory is not None:
            return dict(self.memory.box(outbox).losses)
        assert self.redis is not None
        found: Any = await self.redis.hgetall(keys.losses(outbox))
        counts = {name.decode(): int(value) for name, value in found.items() if b":" not in name}
        return {LossReason(name): count for name, count in counts.items()}

    async def bytes_kept(self, outbox: str = "acme") -> tuple[int, int]:
        """Return the bytes that wait and those of dead letters, as they are counted."""
        if self.memory is not None:
            return size_of(self.memory.box(outbox).entries), size_of(self.memory.box(outbox).dead)
        assert self.redis is not None
        waiting, dead = await self.redis.hmget(keys.delivery(outbox), ["waiting_bytes", "dead_bytes"])
        return int(waiting or 0), int(dead or 0)

    async def sift(self, part: Part, action: Action, *, outbox: str = "acme", page: str = "") -> Sifted:
        """Do something with all events of a page, step after step, and return what it came to."""
        total, choice = NOTHING, Choice(page_id=page)
        while True:
            step = await self.sifter.sift(outbox, part, action, choice, reason="odd")
            total = Sifted(
                "",
                "",
                total.looked_at + step.looked_at,
                total.chosen + step.chosen,
                total.size + step.size,
                total.in_flight + step.in_flight,
                step.full,
            )
            if step.full or not step.go_on:
                return total
            choice = choice.going_on(step.go_on, step.last)

    async def lose_lease(self, outbox: str = "acme") -> None:
        """Let the lease run out."""
        if self.memory is not None:
            self.memory.box(outbox).leased_until = 0.0
        if self.redis is not None:
            await self.redis.delete(keys.lease(outbox))

    async def pause(self) -> None:
        """Pause the site as an operator would."""
        if self.memory is not None:
            self.memory.box("acme").state = DeliveryState.PAUSED
        if self.redis is not None:
            await self.redis.hset(keys.delivery("acme"), "state", "paused")


def memory_store(limits: Limits = OUTBOX_LIMITS, dead_limits: Limits = DEAD_LIMITS) -> Store:
    """Make the fake."""
    clock = ManualClock()
    memory = MemoryOutboxes(clock, limits=limits, dead_limits=dead_limits)
    return Store(memory, memory, memory, memory, memory, memory, memory, clock, memory=memory, alarms=memory.alarms)


def redis_store(client: Redis, limits: Limits = OUTBOX_LIMITS, dead_limits: Limits = DEAD_LIMITS) -> Store:
    """Make the real one."""
    clock, alarms = ManualClock(), list[tuple[str, Mapping[LossReason, int]]]()

    def on_loss(outbox: str, lost: Mapping[LossReason, int]) -> None:
        if lost:
            alarms.append((outbox, lost))

    appender = RedisAppender(client, clock=clock, limits=limits, on_loss=on_loss)
    drain = RedisDrain(client, clock=clock, dead_limits=dead_limits, on_loss=on_loss)
    putter = Putter(client, limits=limits, on_loss=on_loss)
    bindings, handover = RedisBindings(client, putter), RedisHandover(client, putter)
    index, announcements = RedisBacklog(client), RedisAnnouncements(client)
    sifter = RedisOutboxes(client, {Part.WAITING: limits, Part.DEAD: dead_limits}, sifted_at_once=SIFTED_AT_ONCE)
    return Store(appender, drain, index, bindings, handover, announcements, sifter, clock, redis=client, alarms=alarms)


def taken_by(outbox: str, answers: Mapping[str, Appended | StoreUnavailable]) -> Appended:
    """Return what became of events offered to one outbox, which must not have failed."""
    answer = answers[outbox]
    assert isinstance(answer, Appended), answer
    return answer


def failures_of(parked: Parked | Step) -> int:
    """Return how often in a row a site has failed that must have been parked."""
    assert isinstance(parked, Parked), parked
    return parked.failures


def sent(batch: Batch) -> list[bytes]:
    """Return the payloads of a batch."""
    return [entry.payload for entry in batch.entries]
