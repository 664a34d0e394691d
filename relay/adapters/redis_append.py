"""The writing side of the outboxes in Redis: many outboxes, one round trip."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from redis.asyncio import Redis

from relay.adapters.redis_backlog import LOOK_NOW, mark
from relay.adapters.redis_trim import no_alarm
from relay.adapters.replicas import Replicas
from relay.adapters.script_pipeline import Call, run_all
from relay.adapters.scripts import APPEND
from relay.adapters.store_errors import store_errors, unavailable
from relay.core import keys
from relay.core.errors import StoreUnavailable
from relay.core.lease import LEASE_TTL_MS
from relay.core.limits import OUTBOX_LIMITS, Limits, LossReason, is_receipt
from relay.core.outbox import is_holding
from relay.core.webhook import Incoming
from relay.engine.losses import OnLoss
from relay.engine.ports import Appended
from shared.clock import Clock

MARK_AGAIN_AFTER_S = 10.0
"""How long a process trusts its own mark in the backlog index. The sweep forgets an outbox only after it has seen it
empty for much longer (`engine.sweep.FORGET_AFTER_S`), so an append never goes without a mark."""

_LEASED, _NEARLY_FULL, _LOST = 1, 2, 4  # flags of `append.lua`'s answer
_LOSSES = (LossReason.RECEIPTS, LossReason.OVERFLOW_EVENTS, LossReason.OVERFLOW_BYTES)  # in the order of its answer


class _Answer(NamedTuple):
    """What `append.lua` says of one outbox."""

    appended: Appended
    nearly_full: bool
    lost: Mapping[LossReason, int]


class RedisAppender:
    """Appends to outboxes; fits `engine.ports.OutboxAppender`."""

    def __init__(
        self,
        redis: Redis,
        *,
        clock: Clock,
        replicas: int = 0,
        limits: Limits = OUTBOX_LIMITS,
        on_loss: OnLoss = no_alarm,
    ) -> None:
        """`clock` may start anywhere, but must never be put back: only what passes on it counts.

        `replicas` is how many must have an event before it counts as stored.
        `on_loss(outbox, lost)` is called whenever an append cost events; they are counted in Redis already.
        """
        self._redis = redis
        self._clock = clock
        self._replicas = Replicas(replicas)
        self._limits = limits
        self._on_loss = on_loss
        self._marked_at: dict[str, float] = {}
        self._nearly_full: set[str] = set()

    async def append(
        self, groups: Mapping[str, Sequence[Incoming]], *, token: str
    ) -> Mapping[str, Appended | StoreUnavailable]:
        """See `engine.ports.OutboxAppender.append`."""
        async with store_errors():
            answers = dict(zip(groups, await self._run(groups, token), strict=True))
            failed = {name: unavailable(each) for name, each in answers.items() if isinstance(each, Exception)}
            if len(failed) == len(groups):
                raise failed.popitem()[1]
            read = {name: _read(answer) for name, answer in answers.items() if name not in failed}
            for name, answer in read.items():
                if answer.nearly_full and name not in self._nearly_full and is_holding(name):
                    # Sites are known anyway; a page that lost something could be forgotten.
                    await mark(self._redis, name, index=keys.LOSSES)
        return failed | {name: self._take_in(name, answer) for name, answer in read.items()}

    async def _run(self, groups: Mapping[str, Sequence[Incoming]], token: str) -> list[Any]:
        calls = [self._call(name, events, token) for name, events in groups.items()]
        marks = self._due_marks(groups)
        if len(calls) == 1 and not marks and not self._replicas.count:
            return [await APPEND.run(self._redis, *calls[0])]  # by far the most frequent case; a pipeline costs more
        # Marked before the append: an event without a mark could be forgotten.
        before = [("ZADD", keys.BACKLOG, *(part for name in marks for part in (LOOK_NOW, name)))] if marks else []
        answers = await run_all(self._redis, APPEND, calls, before=before, replicas=self._replicas)
        self._marked_at.update(dict.fromkeys(marks, self._clock()))
        return answers

    def _call(self, name: str, events: Sequence[Incoming], token: str) -> Call:
        lease_ttl_ms = "" if is_holding(name) else LEASE_TTL_MS
        receipts = _mark_receipts(events) if name in self._nearly_full else ""
        args: list[Any] = [token, lease_ttl_ms, self._limits.max_events, self._limits.max_bytes, receipts]
        for page_id, kind, payload in events:
            args += (page_id, kind, payload)
        return [keys.outbox(name), keys.lease(name), keys.delivery(name), keys.fenced(name), keys.losses(name)], args

    def _take_in(self, name: str, answer: _Answer) -> Appended:
        if answer.nearly_full:
            self._nearly_full.add(name)
        else:
            self._nearly_full.discard(name)
        if answer.lost:
            self._on_loss(name, answer.lost)
        return answer.appended

    def _due_marks(self, outboxes: Iterable[str]) -> list[str]:
        fresh = self._clock() - MARK_AGAIN_AFTER_S
        return [name for name in outboxes if self._marked_at.get(name, -math.inf) < fresh]


def _mark_receipts(events: Sequence[Incoming]) -> str:
    return "".join("1" if is_receipt(kind, payload) else "0" for _, kind, payload in events)


def _read(answer: list[int]) -> _Answer:
    flags, *rest = answer
    lost: Mapping[LossReason, int] = {}
    if flags & _LOST:
        counts, rest = rest[: len(_LOSSES)], rest[len(_LOSSES) :]
        lost = {reason: count for reason, count in zip(_LOSSES, counts, strict=True) if count}
    appended = Appended(bool(flags & _LEASED), [index - 1 for index in rest])
    return _Answer(appended, bool(flags & _NEARLY_FULL), lost)
