"""The reading side of the outboxes in Redis, for the holder of a lease."""

from typing import Any

from redis.asyncio import Redis

from relay.adapters.redis_backlog import mark
from relay.adapters.redis_trim import no_alarm, trim
from relay.adapters.replies import text
from relay.adapters.scripts import CLAIM, PARK, SETTLE
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.delivery import DeliveryState
from relay.core.lease import LEASE_TTL_MS
from relay.core.limits import DEAD_LIMITS, Limits, Part
from relay.core.outbox import BatchLimits, Entry
from relay.engine.losses import OnLoss
from relay.engine.ports import Acknowledged, Batch, Parked, Refusals, Step
from shared.clock import Clock
from shared.logs import get_logger

log = get_logger(__name__)

_NO_BATCH = BatchLimits(0, 0)
EARLY_PROBE_MS = 2_000
"""How early a probe may come and still be the one that was meant: the clocks of two machines differ a little."""
_PLAIN_FIELDS = 6


class RedisDrain:
    """Settles and parks; fits `engine.ports.OutboxDrain`."""

    def __init__(
        self, redis: Redis, *, clock: Clock, dead_limits: Limits = DEAD_LIMITS, on_loss: OnLoss = no_alarm
    ) -> None:
        """`on_loss` is called when new dead letters push the oldest out; these are counted in Redis already."""
        self._redis = redis
        self._clock = clock
        self._dead_limits = dead_limits
        self._on_loss = on_loss

    async def claim(self, outbox: str, *, token: str, if_due: bool = False) -> bool:
        """See `engine.ports.OutboxDrain.claim`."""
        async with store_errors():
            await mark(self._redis, outbox)
            script_keys = [keys.lease(outbox), keys.delivery(outbox)]
            early = EARLY_PROBE_MS if if_due else ""
            return bool(await CLAIM.run(self._redis, script_keys, [token, LEASE_TTL_MS, early]))

    async def next_batch(
        self, outbox: str, *, token: str, done: Acknowledged | None, limits: BatchLimits
    ) -> Batch | Step:
        """See `engine.ports.OutboxDrain.next_batch`."""
        return await self._settle(outbox, token, "next", done, limits)

    async def extend(self, outbox: str, *, token: str) -> Step:
        """See `engine.ports.OutboxDrain.extend`."""
        step = await self._settle(outbox, token, "extend", None, _NO_BATCH)
        return step if isinstance(step, Step) else Step.HELD

    async def release(self, outbox: str, *, token: str, done: Acknowledged | None) -> Step:
        """See `engine.ports.OutboxDrain.release`."""
        step = await self._settle(outbox, token, "release", done, _NO_BATCH)
        if step is Step.RELEASED:
            async with store_errors():
                await mark(self._redis, outbox)  # afterwards, or the sweep would find the lease and wait for its end
        return step if isinstance(step, Step) else Step.RELEASED

    async def park(
        self, outbox: str, *, token: str, wait_s: float | None, reason: str, refused: str = ""
    ) -> Parked | Step:
        """See `engine.ports.OutboxDrain.park`."""
        state = DeliveryState.PAUSED if wait_s is None else DeliveryState.PARKED
        wait_ms = 0 if wait_s is None else round(wait_s * 1000)
        args = [token, state.value, wait_ms, reason, LEASE_TTL_MS, refused]
        async with store_errors():
            step, *parked = await PARK.run(self._redis, [keys.lease(outbox), keys.delivery(outbox)], args)
        return Parked(*parked) if parked else Step(text(step))

    async def refusals(self, outbox: str) -> Refusals:
        """See `engine.ports.OutboxDrain.refusals`."""
        async with store_errors():
            event_id, times = await self._redis.hmget(keys.delivery(outbox), ["refused_id", "refused_times"])
        return Refusals(text(event_id), int(times or 0)) if event_id else Refusals()

    async def _settle(
        self, outbox: str, token: str, mode: str, done: Acknowledged | None, limits: BatchLimits
    ) -> Batch | Step:
        script_keys = [keys.outbox(outbox), keys.lease(outbox), keys.delivery(outbox), keys.dead(outbox)]
        args: list[Any] = [token, mode, LEASE_TTL_MS, self._now_ms(), *_handed_in(done)]
        acknowledged = [entry.id for entry in done.entries] if done else []
        rejected = done.rejected if done else ()
        args += (limits.max_events, limits.max_bytes)
        args += (acknowledged[0], acknowledged[-1], len(rejected)) if acknowledged else ("", "", 0)
        for rejection in rejected:
            args += (rejection.id, rejection.reason)
        async with store_errors():
            if rejected:
                await mark(self._redis, outbox, index=keys.DEAD_LETTERS)
            answer = await SETTLE.run(self._redis, script_keys, args)
            if answer[0] == b"which":
                log.warning("outbox_lost_its_newest", outbox=outbox)
                answer = await SETTLE.run(self._redis, script_keys, [*args, *acknowledged])
            if rejected:
                trimmed = await trim(self._redis, outbox, Part.DEAD, self._dead_limits)
                self._on_loss(outbox, trimmed.lost)
        return _read(answer)

    def _now_ms(self) -> int:
        return round(self._clock() * 1000)


def _handed_in(done: Acknowledged | None) -> tuple[str, int, int]:
    """Return from which id on entries stay, how many were delivered, and the bytes of all that were acknowledged."""
    if done is None:
        return "", 0, 0
    size = sum(len(entry.payload) for entry in done.entries)
    return _id_after(done.entries[-1].id), len(done.entries) - len(done.rejected), size


def _id_after(entry_id: str) -> str:
    """Return the smallest stream id above this one (https://redis.io/docs/latest/commands/xtrim/, MINID)."""
    ms, _, number = entry_id.partition("-")
    return f"{ms}-{int(number) + 1}"


def _read(answer: list[Any]) -> Batch | Step:
    if answer[0] != b"batch":
        return Step(answer[0].decode())
    return Batch([read_entry(entry_id, fields) for entry_id, fields in answer[2]], int(answer[1]))


def read_entry(entry_id: bytes, fields: list[bytes]) -> Entry:
    """Read a stream entry as `append.lua` wrote it: p, page, k, kind, d, item; where it moved, `put.lua`: t, ms."""
    arrived_ms = int(fields[7]) if len(fields) > _PLAIN_FIELDS else None
    return Entry(entry_id.decode(), fields[1].decode(), fields[3].decode(), fields[5], arrived_ms)
