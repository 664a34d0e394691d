"""The status of outboxes as Redis tells it."""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from relay.adapters.redis_backlog import mark
from relay.adapters.replies import text
from relay.adapters.scripts import RESUME
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.delivery import DeliveryState
from relay.engine.status import OutboxStatus

AT_ONCE = 200
"""Outboxes asked about in one round trip."""


class RedisStatus:
    """Fits `engine.status.DeliveryStates`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

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

    async def resume(self, name: str) -> DeliveryState:
        """See `engine.status.DeliveryStates.resume`."""
        async with store_errors():
            before = DeliveryState(text(await RESUME.run(self._redis, [keys.delivery(name), keys.lease(name)], [])))
            await mark(self._redis, name)
        return before

    async def _read(self, names: Sequence[str]) -> list[OutboxStatus]:
        pipeline = self._redis.pipeline(transaction=False)
        for name in names:
            pipeline.xlen(keys.outbox(name))
            pipeline.xrange(keys.outbox(name), count=1)
            pipeline.exists(keys.lease(name))
            pipeline.xlen(keys.dead(name))
            pipeline.hgetall(keys.delivery(name))
        async with store_errors():
            answers: list[Any] = await pipeline.execute()
        return [_status(name, *answers[5 * i : 5 * i + 5]) for i, name in enumerate(names)]


def _status(name: str, waiting: int, oldest: Any, leased: int, dead: int, delivery: dict[bytes, bytes]) -> OutboxStatus:
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
    )


def _number(value: bytes | None) -> int | None:
    return None if value is None else int(value)
