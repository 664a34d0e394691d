"""Holds one outbox, or its dead letters, to limits: one bounded step of `retain.lua`."""

from collections.abc import Mapping

from redis.asyncio import Redis

from relay.adapters.scripts import RETAIN
from relay.core import keys
from relay.core.limits import Limits, LossReason, Part
from relay.engine.retention import Trimmed

_LOSSES = (LossReason.OVERFLOW_EVENTS, LossReason.OVERFLOW_BYTES, LossReason.AGE)  # in the order of the script's answer


def no_alarm(_outbox: str, _lost: Mapping[LossReason, int]) -> None:
    """Tell nobody: for whoever reads the counts in Redis."""


def stream_of(part: Part, outbox: str) -> str:
    """Name the stream that keeps this part of an outbox."""
    return keys.outbox(outbox) if part is Part.WAITING else keys.dead(outbox)


async def trim(redis: Redis, outbox: str, part: Part, limits: Limits) -> Trimmed:
    """Take off what is beyond the limits, some thousand entries at most; says what was lost and if more must go."""
    script_keys = [stream_of(part, outbox), keys.lease(outbox), keys.delivery(outbox), keys.losses(outbox)]
    args = [part.value, limits.max_events, limits.max_bytes, limits.max_age_ms]
    more, *counts = await RETAIN.run(redis, script_keys, args)
    lost = {LossReason.of(part, reason): count for reason, count in zip(_LOSSES, counts, strict=True) if count}
    return Trimmed(lost, more=bool(more))
