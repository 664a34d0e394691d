"""Sends queued replies: in order within a conversation, side by side across conversations. Decides nothing itself.

Two rules keep channels independent: each has its own number of attempts that may be under way, so that one whose
platform hangs fills only its own; and a pause that a platform asks for concerns its channel alone. `sending` is
committed before a request leaves, so that whatever is found in that state after a crash is known to be unknown.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from onsite.engine.attempt import Attempt
from onsite.engine.attempts import LONGEST_PAUSE_S
from onsite.engine.outgoing import Outgoing
from onsite.engine.ports import OutboxStore
from shared.clock import Clock
from shared.logs import get_logger

log = get_logger(__name__)

PER_CHANNEL = 8
"""Attempts under way at once on one channel. At 0.25 s an answer that is 32 a second, about what Telegram allows a bot
(https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this)."""


class Sender:
    """The one that empties the outbox."""

    def __init__(
        self, store: OutboxStore, attempt: Attempt, *, clock: Clock, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._store = store
        self._attempt = attempt
        self._clock = clock
        self._sleep = sleep
        self._wake = asyncio.Event()
        self._stopping = False
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._load: Counter[int] = Counter()
        self._paused_until: dict[int, float] = {}

    def wake(self) -> None:
        """Tell that the outbox may hold something new."""
        self._wake.set()

    async def recover(self) -> None:
        """Make what the last run left in `sending` unknown. Once, before the first `run`. Raises StoreUnavailable."""
        lost = await self._store.lose_unfinished()
        if lost:
            log.warning("replies_unknown_after_stop", count=lost)

    async def run(self) -> None:
        """Start what is due, then rest until woken or until the next pause ends."""
        while True:
            self._wake.clear()
            wait_s = await self._start_due()
            await self._rest(wait_s)

    async def drain(self, bound_s: float) -> None:
        """Start nothing new, and wait for what is under way, at most `bound_s`; the rest is cut off in `sending`."""
        self._stopping = True
        tasks = list(self._under_way.values())
        if not tasks:
            return
        _, unfinished = await asyncio.wait(tasks, timeout=bound_s)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        if unfinished:
            log.warning("replies_cut_off", count=len(unfinished))

    async def _start_due(self) -> float | None:
        """Start all attempts that may start; return after how many seconds to look again, None for not by itself."""
        now = self._clock()
        # Whatever is further ahead than any pause was set before the clock jumped back.
        self._paused_until = {
            channel: until for channel, until in self._paused_until.items() if 0 < until - now <= LONGEST_PAUSE_S
        }
        while not self._stopping:
            due = await self._store.due(
                now_ms=int(now * 1000),
                busy_channels=[*self._paused_until, *(c for c, load in self._load.items() if load >= PER_CHANNEL)],
                busy_conversations=list(self._under_way),
            )
            if not due:
                break
            for outgoing in due:
                if self._load[outgoing.channel_id] < PER_CHANNEL:
                    self._start(outgoing)
        next_due_ms = await self._store.next_due_ms(now_ms=int(now * 1000))
        moments = [*self._paused_until.values(), *([] if next_due_ms is None else [next_due_ms / 1000])]
        return max(min(moments) - now, 0.0) if moments else None

    def _start(self, outgoing: Outgoing) -> None:
        self._load[outgoing.channel_id] += 1
        name = f"send:{outgoing.message_id}"
        self._under_way[outgoing.conversation_id] = asyncio.create_task(self._send(outgoing), name=name)

    async def _send(self, outgoing: Outgoing) -> None:
        try:
            pause_s = await self._attempt.make(outgoing)
            if pause_s:
                self._paused_until[outgoing.channel_id] = self._clock() + pause_s
        except Exception:
            log.exception("attempt_failed", message=outgoing.message_id)
        finally:
            self._load[outgoing.channel_id] -= 1
            del self._under_way[outgoing.conversation_id]
            self._wake.set()

    async def _rest(self, wait_s: float | None) -> None:
        if wait_s is None:
            await self._wake.wait()
            return
        waits = [asyncio.ensure_future(self._wake.wait()), asyncio.ensure_future(self._sleep(wait_s))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
                with suppress(asyncio.CancelledError):
                    await wait
