"""The status of outboxes as Redis tells it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from redis.asyncio import Redis

from relay.adapters.redis_backlog import mark
from relay.adapters.replies import text
from relay.adapters.scripts import PAUSE, RESUME
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.delivery import DeliveryState
from relay.core.limits import OUTBOX_LIMITS, Limits, LossReason
from relay.engine.status import Loss, OutboxStatus

AT_ONCE = 200
"""Outboxes asked about in one round trip."""


class RedisStatus:
    """Fits `engine.status.DeliveryStates`."""

    def __init__(self, redis: Redis, limits: Limits = OUTBOX_LIMITS) -> None:
        self._redis = redis
        self._limits = limits

    async def outboxes(self, names: Sequence[str]) -> Sequence[OutboxStatus]:
        """See `engine.status.DeliveryStates.outboxes`."""
        found: list[OutboxStatus] = []
        for start in range(0, len(names), AT_ONCE):
            found += await self._read(names[start : start + AT_ONCE])
        return found

    async def marked(self) -> Sequence[str]:
        """See `engine.status.DeliveryStates.marked`."""
        async with store_errors():
            return [text(name) for name in await self._redis.zrange(keys.BACKLOG, 0, -1)]

    async def lossy(self) -> Sequence[str]:
        """See `engine.status.DeliveryStates.lossy`."""
        async with store_errors():
            return [text(name) for name in await self._redis.zrange(keys.LOSSES, 0, -1)]

    async def resume(self, name: str) -> DeliveryState:
        """See `engine.status.DeliveryStates.resume`."""
        async with store_errors():
            await mark(self._redis, name)  # before and after, for the same reasons as in `adapters.redis_ready`
            before = DeliveryState(text(await RESUME.run(self._redis, [keys.delivery(name), keys.lease(name)], [])))
            await mark(self._redis, name)
        return before

    async def pause(self, name: str, *, reason: str) -> DeliveryState:
        """See `engine.status.DeliveryStates.pause`."""
        async with store_errors():
            return DeliveryState(text(await PAUSE.run(self._redis, [keys.delivery(name)], [reason])))

    async def _read(self, names: Sequence[str]) -> list[OutboxStatus]:
        pipeline = self._redis.pipeline(transaction=False)
        for name in names:
            pipeline.xlen(keys.outbox(name))
            pipeline.xrange(keys.outbox(name), count=1)
            pipeline.exists(keys.lease(name))
            pipeline.xlen(keys.dead(name))
            pipeline.hgetall(keys.delivery(name))
            pipeline.hgetall(keys.losses(name))
        async with store_errors():
            answers: list[Any] = await pipeline.execute()
        found = [_status(name, *answers[6 * i : 6 * i + 6]) for i, name in enumerate(names)]
        return [replace(each, fill=round(self._limits.fill(each.waiting, each.waiting_bytes), 3)) for each in found]


def _status(
    name: str,
    waiting: int,
    oldest: Any,
    leased: int,
    dead: int,
    delivery: dict[bytes, bytes],
    losses: dict[bytes, bytes],
) -> OutboxStatus:
    return OutboxStatus(
        outbox=name,
        state=DeliveryState(delivery.get(b"state", b"up").decode()),
        waiting=waiting,
        oldest_at_ms=int(text(oldest[0][0]).partition("-")[0]) if oldest else None,
        delivering=bool(leased),
        delivered=int(delivery.get(b"delivered", 0)),
        dead_letters=dead,
        failures=int(delivery.get(b"failures", 0)),
        parked_since_ms=_number(delivery.get(b"parked_since_ms")),
        next_attempt_ms=_number(delivery.get(b"next_attempt_ms")),
        last_error=delivery.get(b"last_error", b"").decode("utf-8", "replace"),
        last_error_at_ms=_number(delivery.get(b"last_error_ms")),
        last_success_at_ms=_number(delivery.get(b"last_success_ms")),
        # A count may disagree with its stream where somebody changed that by hand; the stream is right.
        waiting_bytes=max(0, int(delivery.get(b"waiting_bytes", 0))) if waiting else 0,
        oldest_id=text(oldest[0][0]) if oldest else "",
        oldest_refused=_refused(oldest[0][0], delivery) if oldest else 0,
        dead_bytes=max(0, int(delivery.get(b"dead_bytes", 0))) if dead else 0,
        losses=tuple(
            Loss(reason, int(losses[reason.encode()]), _number(losses.get(f"{reason}:ms".encode())))
            for reason in LossReason
            if reason.encode() in losses
        ),
    )


def _refused(event_id: bytes, delivery: dict[bytes, bytes]) -> int:
    return int(delivery.get(b"refused_times", 0)) if delivery.get(b"refused_id") == event_id else 0


def _number(value: bytes | None) -> int | None:
    return None if value is None else int(value)
