"""Retention: holds to their limits the outboxes that nobody appends to: too old, or too full since the limits changed.

What is appended holds its own outbox to events and bytes (`append.lua`); only age needs somebody who looks. A look
costs one call for each outbox that may hold something, by one process of all, every RETAIN_EVERY_S.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from relay.core.errors import StoreUnavailable
from relay.core.limits import LossReason, Part
from relay.engine.losses import OnLoss
from shared.logs import get_logger

log = get_logger(__name__)

RETAIN_EVERY_S = 300.0
"""Short beside a limit of days."""


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What one step took off an outbox."""

    lost: Mapping[LossReason, int]
    more: bool
    """Whether more has to go: steps are bounded."""


class RetentionStore(Protocol):
    """What retention needs of the store; every method raises StoreUnavailable."""

    async def begin(self, *, for_s: float) -> bool:
        """Take the turn for that long; false while another process has it."""

    async def outboxes(self, part: Part) -> Sequence[str]:
        """Name every outbox that may hold something in this part."""

    async def trim(self, outbox: str, part: Part) -> Trimmed:
        """Take off what is beyond the limits, in one bounded step."""


class Retention:
    """Looks after all outboxes, in turn with the other processes."""

    def __init__(self, store: RetentionStore, alarm: OnLoss) -> None:
        self._store = store
        self._alarm = alarm

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then until `stop` is set; outlives every trouble."""
        while not stop.is_set():
            try:
                await self.once(stop)
            except StoreUnavailable as error:
                log.warning("retention_waits_for_redis", reason=str(error))
            except Exception:
                log.exception("retention_failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), RETAIN_EVERY_S)

    async def once(self, stop: asyncio.Event) -> None:
        """Hold every outbox to its limits, unless another process has just done so. Raises StoreUnavailable."""
        if not await self._store.begin(for_s=RETAIN_EVERY_S / 2):
            return
        for part in Part:
            for outbox in await self._store.outboxes(part):
                await self._trim(outbox, part, stop)

    async def _trim(self, outbox: str, part: Part, stop: asyncio.Event) -> None:
        more = True
        while more and not stop.is_set():
            trimmed = await self._store.trim(outbox, part)
            self._alarm(outbox, trimmed.lost)
            more = trimmed.more
