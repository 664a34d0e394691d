"""Fetches contents in the background: at once when a message brings one, and again by the table. Not one try itself.

Some are fetched side by side, and fewer of one channel: a platform that hangs holds only its own places.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from onsite.engine.media import MediaFiles, MediaStore, MediaView, Wanted
from onsite.engine.media_fetch import MediaFetch
from shared.clock import Clock
from shared.logs import get_logger

log = get_logger(__name__)

SIDE_BY_SIDE = 8
PER_CHANNEL = 4


class MediaFetcher:
    """The one that empties the list of what is to be fetched."""

    def __init__(
        self,
        store: MediaStore,
        files: MediaFiles,
        fetch: MediaFetch,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._store = store
        self._files = files
        self._fetch = fetch
        self._clock = clock
        self._sleep = sleep
        self._wake = asyncio.Event()
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._load: Counter[int] = Counter()

    def wake(self) -> None:
        """Tell that there may be something new to fetch."""
        self._wake.set()

    async def recover(self) -> None:
        """Remove what the last run left half-written. Once, before the first `run`."""
        await self._files.clean()

    async def retry(self, media_id: int) -> MediaView:
        """Fetch one again because somebody wants it. Raises MediaNotFound, StoreUnavailable."""
        view = await self._store.ask(media_id)
        self.wake()
        return view

    async def retry_all(self) -> int:
        """Fetch again all that failed; returns how many are to be fetched now. Raises StoreUnavailable."""
        count = await self._store.ask_all()
        self.wake()
        return count

    async def go_on(self, channel_id: int) -> None:
        """Fetch what only wanted a token, as the channel was given one. Raises StoreUnavailable."""
        await self._store.ask_for_channel(channel_id)
        self.wake()

    async def run(self) -> None:
        """Start what is due, then rest until woken or until the next one is."""
        while True:
            self._wake.clear()
            wait_s = await self._start_due()
            await self._rest(wait_s)

    async def close(self) -> None:
        """Break off what is under way: it is fetched anew."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _start_due(self) -> float | None:
        """Start all that may start; return after how many seconds to look again, None for not by itself."""
        now = self._clock()
        if len(self._under_way) < SIDE_BY_SIDE:
            due = await self._store.due(
                now_ms=int(now * 1000),
                busy=list(self._under_way),
                busy_channels=[channel for channel, load in self._load.items() if load >= PER_CHANNEL],
            )
            for wanted in due:
                if len(self._under_way) < SIDE_BY_SIDE and self._load[wanted.channel_id] < PER_CHANNEL:
                    self._start(wanted)
        next_due_ms = await self._store.next_due_ms(now_ms=int(now * 1000))
        return None if next_due_ms is None else max(next_due_ms / 1000 - now, 0.0)

    def _start(self, wanted: Wanted) -> None:
        self._load[wanted.channel_id] += 1
        self._under_way[wanted.id] = asyncio.create_task(self._try(wanted), name=f"media:{wanted.id}")

    async def _try(self, wanted: Wanted) -> None:
        try:
            await self._fetch.make(wanted)
        except Exception:
            log.exception("media_fetch_failed", media=wanted.id)
        finally:
            self._load[wanted.channel_id] -= 1
            del self._under_way[wanted.id]
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
