"""Puts events into an outbox from elsewhere, as a step of a change: `put.lua`, behind a mark for the sweep."""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from relay.adapters.redis_backlog import mark
from relay.adapters.redis_trim import no_alarm
from relay.adapters.scripts import PUT
from relay.core import keys
from relay.core.change import Mandate
from relay.core.errors import ChangeOvertaken
from relay.core.limits import OUTBOX_LIMITS, Limits, LossReason
from relay.core.outbox import Entry
from relay.core.webhook import Incoming
from relay.engine.losses import OnLoss


class Putter:
    """Holds what it fills to limits."""

    def __init__(self, redis: Redis, *, limits: Limits = OUTBOX_LIMITS, on_loss: OnLoss = no_alarm) -> None:
        """`on_loss` is called when what is put pushes the oldest events of a full outbox out; they are counted."""
        self._redis = redis
        self._limits = limits
        self._on_loss = on_loss

    async def put(self, mandate: Mandate, outbox: str, entries: Sequence[Entry], *, origin: str) -> None:
        """Put a page's events, at least one, behind what waits in an outbox. Raises ChangeOvertaken, RedisError.

        They waited in the outbox `origin`. What was put here last and comes first again is not put twice.
        """
        events = [(each.kind, each.payload, each.accepted_at_ms, each.id) for each in entries]
        await self._put(mandate, outbox, origin, events)

    async def tell(self, mandate: Mandate, outbox: str, event: Incoming) -> None:
        """Put one event of the relay's own there. Raises the same."""
        await self._put(mandate, outbox, "", [(event.kind, event.payload, "", "")])

    async def _put(self, mandate: Mandate, outbox: str, origin: str, events: Sequence[tuple[Any, ...]]) -> None:
        await mark(self._redis, outbox)
        script_keys = [keys.outbox(outbox), keys.lease(outbox), keys.delivery(outbox), keys.losses(outbox)]
        args: list[Any] = [*mandate, self._limits.max_events, self._limits.max_bytes, origin]
        for event in events:
            args += event
        answer = await PUT.run(self._redis, [*script_keys, keys.gates(outbox)], args)
        go_on(mandate, answer is not None)
        by_events, by_bytes = answer
        lost = {LossReason.OVERFLOW_EVENTS: by_events, LossReason.OVERFLOW_BYTES: by_bytes}
        self._on_loss(outbox, {reason: count for reason, count in lost.items() if count})


def go_on(mandate: Mandate, passed: object) -> None:
    """Raise ChangeOvertaken for a step that was refused as another change has written there since."""
    if not passed:
        raise ChangeOvertaken(mandate.page_id)
