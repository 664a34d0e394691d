"""How one bot gets its updates: long polling, its conflicts, and the webhook that excludes it.

Of two polls that wait, the older one ends with 409 and the newer goes on waiting. The first 409 comes at once, further
ones within three seconds are held back for three seconds. A webhook is only remembered: nothing is posted to it.
Source: telegram-bot-api, Client.cpp (`process_get_updates_query`, `abort_long_poll`, `fail_query_conflict`).
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from shared.clock import Clock
from tests.simulators.clock import Sleep
from tests.simulators.telegram import errors
from tests.simulators.telegram.errors import BotApiError
from tests.simulators.telegram.update_kinds import DEFAULT_KINDS
from tests.simulators.telegram.update_queue import UpdateQueue
from tests.simulators.waiting import first_of

CONFLICT_PAUSE_S = 3.0
REPEATED_WITHIN_S = 3.0
"""The same offset again within this time is made to wait as long, so that nobody polls in a tight loop."""

HASTY_WITHIN_S = 0.5
"""The same offset again within this time gets one update at most: the client seems to choke on a batch."""


@dataclass(slots=True, eq=False)
class _Poll:
    """A request that waits for updates."""

    woken: asyncio.Event = field(default_factory=asyncio.Event)
    error: BotApiError | None = None

    def end(self, error: BotApiError | None = None) -> None:
        """Let it answer; what ended it first counts."""
        if not self.woken.is_set():
            self.error = error
            self.woken.set()


@dataclass(slots=True)
class Webhook:
    """Where a bot wants its updates instead; an empty address means that it polls."""

    url: str = ""
    max_connections: int = 40
    has_custom_certificate: bool = False


class Inbox:
    """The updates of one bot, and who waits for them."""

    def __init__(self, queue: UpdateQueue, *, clock: Clock, sleep: Sleep, closing: asyncio.Event) -> None:
        self.queue = queue
        self.allowed = DEFAULT_KINDS
        self.webhook = Webhook()
        self._clock = clock
        self._sleep = sleep
        self._closing = closing
        self._poll: _Poll | None = None
        self._polled = asyncio.Event()
        self._previous: tuple[int, float] | None = None
        self._next_conflict_at = 0.0

    def push(self, kind: str, payload: dict[str, Any], *, expires_at: float) -> int | None:
        """Queue an update and wake who waits. Returns its id, or None for a kind that the bot has not allowed."""
        if kind not in self.allowed:
            return None
        update_id = self.queue.push(kind, payload, expires_at=expires_at, now=self._clock())
        if self._poll is not None:
            self._poll.end()
        return update_id

    async def get_updates(self, offset: int, limit: int, timeout_s: int) -> list[dict[str, Any]]:
        """Answer a poll, at once or when there is something. Raises BotApiError 409, or 500 when the server closes."""
        if self.webhook.url:
            await self._pause_before_conflict()
            raise errors.conflict(errors.WEBHOOK_ACTIVE)
        limit, timeout_s = self._against_haste(offset, limit, timeout_s)
        updates = self.queue.get(offset, limit, self._clock())
        if updates or not timeout_s:
            return updates
        await self._wait(timeout_s)
        return self.queue.get(offset, limit, self._clock())

    def set_webhook(self, webhook: Webhook) -> None:
        """Remember a webhook; a poll that waits ends with 409."""
        self.webhook = webhook
        if self._poll is not None:
            self._poll.end(errors.conflict(errors.TERMINATED_BY_WEBHOOK))

    async def wait_for_poll(self, timeout_s: float) -> None:
        """Wait until someone's poll waits here. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            await self._polled.wait()

    async def _wait(self, timeout_s: float) -> None:
        if self._poll is not None:
            self._poll.end(errors.conflict(errors.TERMINATED_BY_POLL))
        poll = self._poll = _Poll()
        self._polled.set()
        try:
            await first_of(poll.woken.wait(), self._sleep(timeout_s), self._closing.wait())
        finally:
            if self._poll is poll:
                self._poll = None
                self._polled.clear()
        if poll.error is not None:
            await self._pause_before_conflict()
            raise poll.error
        if self._closing.is_set():
            raise errors.restart()

    def _against_haste(self, offset: int, limit: int, timeout_s: int) -> tuple[int, int]:
        now = self._clock()
        previous_offset, previous_at = self._previous or (None, 0.0)
        self._previous = (offset, now)
        if offset != previous_offset:
            return limit, timeout_s
        hasty = now < previous_at + HASTY_WITHIN_S
        repeated = now < previous_at + REPEATED_WITHIN_S
        return (1 if hasty else limit), (max(timeout_s, int(REPEATED_WITHIN_S)) if repeated else timeout_s)

    async def _pause_before_conflict(self) -> None:
        now = self._clock()
        if now >= self._next_conflict_at:
            self._next_conflict_at = now + CONFLICT_PAUSE_S
            return
        await first_of(self._sleep(CONFLICT_PAUSE_S), self._closing.wait())
