"""The index of outboxes that may have a backlog, and what is known of each: for the sweep and for the operators."""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from relay.adapters.replies import text
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.delivery import DeliveryState
from relay.engine.sweep import Waiting

AT_ONCE = 500
"""Outboxes asked about in one round trip."""

_CLEAR = """
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or -1) <= tonumber(ARGV[2]) then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
"""


class RedisBacklog:
    """Fits `engine.sweep.BacklogIndex`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def waiting(self) -> Sequence[Waiting]:
        """See `engine.sweep.BacklogIndex.waiting`."""
        async with store_errors():
            scores: list[Any] = await self._redis.zrange(keys.BACKLOG, 0, -1, withscores=True)
            marks = [(text(name), int(ms)) for name, ms in scores]
            found: list[Waiting] = []
            for start in range(0, len(marks), AT_ONCE):
                found += await self._look_at(marks[start : start + AT_ONCE])
        return found

    async def clear(self, outbox: str, *, marked_at_ms: int) -> None:
        """See `engine.sweep.BacklogIndex.clear`."""
        async with store_errors():
            await self._redis.eval(_CLEAR, 1, keys.BACKLOG, outbox, str(marked_at_ms))

    async def _look_at(self, marks: Sequence[tuple[str, int]]) -> list[Waiting]:
        pipeline = self._redis.pipeline(transaction=False)
        for name, _ in marks:
            pipeline.xlen(keys.outbox(name))
            pipeline.exists(keys.lease(name))
            pipeline.hmget(keys.delivery(name), ["state", "next_attempt_ms"])
        answers: list[Any] = await pipeline.execute()
        return [_read(name, ms, *answers[3 * i : 3 * i + 3]) for i, (name, ms) in enumerate(marks)]


def _read(outbox: str, marked_at_ms: int, events: int, leased: int, delivery: list[bytes | None]) -> Waiting:
    state, next_attempt = delivery
    return Waiting(
        outbox=outbox,
        marked_at_ms=marked_at_ms,
        events=events,
        leased=bool(leased),
        state=DeliveryState((state or b"up").decode()),
        next_attempt_ms=int(next_attempt or 0),
    )
