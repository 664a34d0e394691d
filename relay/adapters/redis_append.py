"""The writing side of the outboxes in Redis: many outboxes, one round trip."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from relay.adapters.redis_backlog import LOOK_NOW
from relay.adapters.scripts import APPEND
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.lease import LEASE_TTL_MS
from relay.core.outbox import is_holding
from relay.core.webhook import Incoming
from relay.engine.ports import Appended
from shared.clock import Clock

MARK_AGAIN_AFTER_S = 10.0
"""How long a process trusts its own mark in the backlog index. The sweep forgets an outbox only after it has seen it
empty for much longer (`engine.sweep.FORGET_AFTER_S`), so an append never goes without a mark."""


class RedisAppender:
    """Appends to outboxes; fits `engine.ports.OutboxAppender`."""

    def __init__(self, redis: Redis, *, clock: Clock) -> None:
        """`clock` may start anywhere, but must never be put back: only what passes on it counts."""
        self._redis = redis
        self._clock = clock
        self._marked_at: dict[str, float] = {}

    async def append(self, groups: Mapping[str, Sequence[Incoming]], *, token: str) -> Mapping[str, Appended]:
        """See `engine.ports.OutboxAppender.append`."""
        async with store_errors():
            answers = await self._run(groups, token)
        return dict(zip(groups, map(_read, answers), strict=True))

    async def _run(self, groups: Mapping[str, Sequence[Incoming]], token: str) -> list[Any]:
        calls = [_call(name, events, token) for name, events in groups.items()]
        marks = self._due_marks(groups)
        if len(calls) == 1 and not marks:
            return [await APPEND.run(self._redis, *calls[0])]  # by far the most frequent case; a pipeline costs more
        pipeline = self._redis.pipeline(transaction=False)
        if marks:
            pipeline.zadd(keys.BACKLOG, marks)  # before the append: an event without a mark could be forgotten
        for script_keys, args in calls:
            pipeline.evalsha(APPEND.sha, len(script_keys), *script_keys, *args)
        answers: list[Any] = await pipeline.execute(raise_on_error=False)
        if marks:
            _raise_error(answers.pop(0))
            self._marked_at.update(dict.fromkeys(marks, self._clock()))
        for index, (script_keys, args) in enumerate(calls):
            if isinstance(answers[index], NoScriptError):
                answers[index] = await APPEND.run(self._redis, script_keys, args)
            _raise_error(answers[index])
        return answers

    def _due_marks(self, outboxes: Mapping[str, object]) -> dict[str, float]:
        fresh = self._clock() - MARK_AGAIN_AFTER_S
        return {name: LOOK_NOW for name in outboxes if self._marked_at.get(name, -math.inf) < fresh}


def _call(name: str, events: Sequence[Incoming], token: str) -> tuple[list[str], list[Any]]:
    args: list[Any] = ["" if is_holding(name) else token, LEASE_TTL_MS]
    for page_id, kind, payload in events:
        args += (page_id, kind, payload)
    return [keys.outbox(name), keys.lease(name), keys.delivery(name), keys.fenced(name)], args


def _raise_error(answer: object) -> None:
    if isinstance(answer, Exception):
        raise answer


def _read(answer: list[int]) -> Appended:
    leased, *refused = answer
    return Appended(leased == 1, [index - 1 for index in refused])
