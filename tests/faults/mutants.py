"""Broken engines, each broken in one place, so that a test can show that the judge notices.

`processes.relay` applies them. Each replaces something of the product in its own process before it starts; no file of
the product knows of it. A mutant that finds nothing to replace any more fails at once, as a mutant that mutates nothing
would prove nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from relay.core.errors import StoreUnavailable
from relay.core.outbox import BatchLimits
from relay.core.webhook import Incoming
from relay.engine.ports import Acknowledged, Appended, Batch, Step
from tests.faults.times import replace

BEFORE_APPEND = "acknowledges before it appends"
DELETES_EARLY = "deletes before the answer"
NO_LEASE = "drains without a lease"
NO_FENCING = "settles without its token"
REORDERS = "appends in reverse"


def acknowledges_before_it_appends() -> None:
    """Answer 200 first; what the append comes to nobody learns."""
    from relay.engine.writer import AppendWriter

    honest = AppendWriter.append

    def append(self: AppendWriter, outbox: str, events: Sequence[Incoming]) -> Awaitable[Sequence[int]]:
        appending = asyncio.ensure_future(honest(self, outbox, events))
        appending.add_done_callback(lambda done: done.exception())
        answer: asyncio.Future[Sequence[int]] = asyncio.get_running_loop().create_future()
        answer.set_result(())
        return answer

    replace("relay.engine.writer", "AppendWriter.append", append)


def deletes_before_the_answer() -> None:
    """Take a batch off the outbox when it is handed out, rather than when its site has answered."""
    from relay.adapters.redis_drain import _NO_BATCH, RedisDrain

    honest = RedisDrain.next_batch

    async def next_batch(
        self: RedisDrain, outbox: str, *, token: str, done: Acknowledged | None, limits: BatchLimits
    ) -> Batch | Step:
        step = await honest(self, outbox, token=token, done=done, limits=limits)
        if isinstance(step, Batch):
            await self._settle(outbox, token, "extend", Acknowledged(step.entries), _NO_BATCH)
        return step

    replace("relay.adapters.redis_drain", "RedisDrain.next_batch", next_batch)


def settles_without_its_token() -> None:
    """Settle with whatever token is in force, so that a drain which lost its lease goes on."""
    from relay.adapters.redis_drain import RedisDrain
    from relay.core import keys

    honest = RedisDrain._settle

    async def settle(self: RedisDrain, outbox: str, token: str, *rest: Any) -> Batch | Step:
        held: Any = await self._redis.get(keys.lease(outbox))
        return await honest(self, outbox, str(held, "ascii") if held else token, *rest)

    replace("relay.adapters.redis_drain", "RedisDrain._settle", settle)


def drains_without_a_lease() -> None:
    """Drain in every process that appended, whoever drains already."""
    from relay.adapters.redis_append import RedisAppender

    settles_without_its_token()
    honest = RedisAppender.append

    async def append(
        self: RedisAppender, groups: Mapping[str, Sequence[Incoming]], *, token: str
    ) -> Mapping[str, Appended | StoreUnavailable]:
        answers = await honest(self, groups, token=token)
        return {
            outbox: Appended(leased=True, refused=answer.refused) if isinstance(answer, Appended) else answer
            for outbox, answer in answers.items()
        }

    replace("relay.adapters.redis_append", "RedisAppender.append", append)


def appends_in_reverse() -> None:
    """Append the events of one go last to first."""
    from relay.adapters.redis_append import RedisAppender

    honest = RedisAppender.append

    async def append(
        self: RedisAppender, groups: Mapping[str, Sequence[Incoming]], *, token: str
    ) -> Mapping[str, Appended | StoreUnavailable]:
        return await honest(self, {outbox: events[::-1] for outbox, events in groups.items()}, token=token)

    replace("relay.adapters.redis_append", "RedisAppender.append", append)


ENGINES: dict[str, Callable[[], None]] = {
    BEFORE_APPEND: acknowledges_before_it_appends,
    DELETES_EARLY: deletes_before_the_answer,
    NO_LEASE: drains_without_a_lease,
    NO_FENCING: settles_without_its_token,
    REORDERS: appends_in_reverse,
}
"""By the name under which a history is told to use it."""
