"""The index of outboxes that may have a backlog, and what is known of each: for the sweep."""

from collections.abc import Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from relay.adapters.replies import text
from relay.adapters.scripts import MARK, PLAN_LOOKS, TAKE_LOOKS
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.delivery import DeliveryState
from relay.engine.sweep import Rank, Taken, Waiting

AT_ONCE = 500
"""Outboxes taken, and asked about, in one round trip."""
SWEEPER_TTL_MS = 6_000
"""After this long without a sweep another process takes over."""
TAKEN_FOR_MS = 5_000
"""After this long an outbox whose sweeper died is looked at by another; far above what a look takes."""


LOOK_NOW = 0.0
"""The score of a mark. No time, as the clocks of processes differ."""


async def mark(redis: Redis, outbox: str, *, index: str = keys.BACKLOG) -> None:
    """Have the sweep look at an outbox at once; whoever appends or takes a lease does so first. Raises RedisError.

    The other indexes (`core.keys`) are marked in the same way by whoever is about to write dead letters or losses.
    """
    await MARK.run(redis, [index], [outbox])


class RedisBacklog:
    """Fits `engine.sweep.BacklogIndex`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._stands_by = False

    async def take(self, rank: Rank, token: str) -> Taken | None:
        """See `engine.sweep.BacklogIndex.take`. Standing by, it costs one command."""
        gives_way = Rank.WEB if rank is Rank.WORKER else ""
        async with store_errors():
            if self._stands_by and _is_held(await self._redis.get(keys.SWEEPER), gives_way):
                return None
            args = [f"{rank}:{token}", gives_way, SWEEPER_TTL_MS, TAKEN_FOR_MS, AT_ONCE]
            answer = await TAKE_LOOKS.run(self._redis, [keys.BACKLOG, keys.SWEEPER], args)
            self._stands_by = answer[0] == b"other"
            if self._stands_by:
                return None
            _, now_ms, until_ms, *due = answer
            planned = {text(name): int(float(score)) for name, score in zip(due[::2], due[1::2], strict=True)}
            found = await self._look_at(planned) if planned else []
            return Taken(now_ms, until_ms, found, more=len(planned) == AT_ONCE)

    async def plan(self, taken: Taken, looks: Mapping[str, int | None]) -> None:
        """See `engine.sweep.BacklogIndex.plan`."""
        args: list[Any] = [taken.until_ms]
        for outbox, again_ms in looks.items():
            args += (outbox, "" if again_ms is None else again_ms)
        async with store_errors():
            await PLAN_LOOKS.run(self._redis, [keys.BACKLOG], args)

    async def _look_at(self, planned: Mapping[str, int]) -> Sequence[Waiting]:
        pipeline = self._redis.pipeline(transaction=False)
        for name in planned:
            pipeline.xlen(keys.outbox(name))
            pipeline.pttl(keys.lease(name))
            pipeline.hmget(keys.delivery(name), ["state", "next_attempt_ms"])
        answers: list[Any] = await pipeline.execute()
        return [_read(name, ms, *answers[3 * i : 3 * i + 3]) for i, (name, ms) in enumerate(planned.items())]


def _is_held(sweeper: bytes | str | None, gives_way: str) -> bool:
    return sweeper is not None and text(sweeper).partition(":")[0] != gives_way


def _read(outbox: str, planned_ms: int, events: int, lease_ms: int, delivery: list[bytes | None]) -> Waiting:
    state, next_attempt = delivery
    return Waiting(
        outbox=outbox,
        planned_ms=planned_ms,
        events=events,
        lease_ms=max(0, lease_ms),  # below zero: there is no lease
        state=DeliveryState((state or b"up").decode()),
        next_attempt_ms=int(next_attempt or 0),
    )
