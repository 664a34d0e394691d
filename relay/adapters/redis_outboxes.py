"""Outboxes in Redis as operators see them, and the bounded steps in which they change them."""

from collections.abc import Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from relay.adapters.redis_backlog import mark
from relay.adapters.redis_status import RedisStatus
from relay.adapters.redis_trim import stream_of
from relay.adapters.replies import raw, text
from relay.adapters.scripts import LOOK, SIFT
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.choice import Choice
from relay.core.limits import Limits, Part
from relay.core.outbox import is_holding
from relay.engine.outbox_admin import Action, Listed, Listing, Sifted
from relay.engine.status import OutboxStatus

SIFTED_AT_ONCE = 500
"""Events gone through in one step: some milliseconds of Redis' time, in which it serves nobody else."""
LOOKED_AT_AT_ONCE = 1000
PAYLOADS_AT_ONCE = 1024 * 1024
"""Bytes of what listed events say, in one answer; the first one always fits."""


class RedisOutboxes:
    """Fits `engine.outbox_admin.OutboxStore`."""

    def __init__(self, redis: Redis, limits: Mapping[Part, Limits], *, sifted_at_once: int = SIFTED_AT_ONCE) -> None:
        self._redis = redis
        self._limits = limits
        self._sifted_at_once = sifted_at_once
        self._status = RedisStatus(redis, limits[Part.WAITING])

    async def names(self) -> Sequence[str]:
        """See `engine.outbox_admin.OutboxStore.names`."""
        async with store_errors():
            names = {text(site) for site in await self._redis.hkeys(keys.SITES)}
            for index in (keys.BACKLOG, keys.DEAD_LETTERS, keys.LOSSES):
                names |= {text(outbox) for outbox in await self._redis.zrange(index, 0, -1)}
        return sorted(names)

    async def exists(self, outbox: str) -> bool:
        """See `engine.outbox_admin.OutboxStore.exists`."""
        if is_holding(outbox):
            return True
        async with store_errors():
            return bool(await self._redis.hexists(keys.SITES, outbox))

    async def outboxes(self, names: Sequence[str]) -> Sequence[OutboxStatus]:
        """See `engine.outbox_admin.OutboxStore.outboxes`."""
        return await self._status.outboxes(names)

    async def look(self, outbox: str, part: Part, choice: Choice, *, at_most: int, with_payload: bool) -> Listing:
        """See `engine.outbox_admin.OutboxStore.look`."""
        args = [choice.first, choice.last, choice.page_id, LOOKED_AT_AT_ONCE, at_most]
        async with store_errors():
            answer: list[Any] = await LOOK.run(
                self._redis, [stream_of(part, outbox)], [*args, PAYLOADS_AT_ONCE if with_payload else ""]
            )
        go_on, *rows = answer
        return Listing([_listed(*row, with_payload=with_payload) for row in rows], text(go_on))

    async def sift(self, outbox: str, part: Part, action: Action, choice: Choice, *, reason: str) -> Sifted:
        """See `engine.outbox_admin.OutboxStore.sift`."""
        other = Part.DEAD if part is Part.WAITING else Part.WAITING
        streams = [stream_of(part, outbox), stream_of(other, outbox)]
        script_keys = [*streams, keys.lease(outbox), keys.delivery(outbox), keys.losses(outbox)]
        limits = self._limits[other]
        args = [part.value, action.value, choice.first, choice.last, choice.page_id, self._sifted_at_once, reason]
        async with store_errors():
            await self._mark(outbox, other, action)
            answer = await SIFT.run(self._redis, script_keys, [*args, limits.max_events, limits.max_bytes])
        go_on, last, looked_at, chosen, size, in_flight, full = answer
        return Sifted(text(go_on), text(last), looked_at, chosen, size, in_flight, bool(full))

    async def _mark(self, outbox: str, target: Part, action: Action) -> None:
        if action is Action.MOVE:
            await mark(self._redis, outbox, index=keys.DEAD_LETTERS if target is Part.DEAD else keys.BACKLOG)
        elif action is Action.DROP and is_holding(outbox):
            await mark(self._redis, outbox, index=keys.LOSSES)


def _listed(entry_id: bytes, size: int, payload: bytes, fields: list[bytes], *, with_payload: bool) -> Listed:
    values = {text(name): raw(value) for name, value in zip(fields[::2], fields[1::2], strict=True)}
    waited_as = values.get("id", b"").decode()
    arrived = values.get("t") or (waited_as or text(entry_id)).partition("-")[0]
    return Listed(
        id=text(entry_id),
        page_id=values["p"].decode(),
        kind=values["k"].decode(),
        size=size,
        accepted_at_ms=int(arrived),
        reason=values.get("why", b"").decode("utf-8", "replace"),
        waited_as=waited_as,
        payload=payload if with_payload else None,
    )
