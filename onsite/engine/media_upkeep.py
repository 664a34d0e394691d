"""Keeps no more contents than the rules allow, and no file that no row needs. Not what the rules are: the settings.

Rows go first, files after: a process that dies in between leaves files without a row, as does a message that is erased,
and the next look at the shelves finds them. A content stays while one row needs it.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from onsite.core.media import troubles
from onsite.core.media.keeping import beyond
from onsite.core.media.retries import Failure
from onsite.core.media.troubles import MediaTrouble
from onsite.engine.media import KeptMedia, MediaFiles
from shared.clock import Clock
from shared.logs import get_logger

log = get_logger(__name__)

LOOK_EVERY_S = 3600.0
SWEEP_EVERY_LOOKS = 24
AT_ONCE = 500
"""Rows or contents of one transaction: a few milliseconds."""

_NOT_KEPT = Failure(MediaTrouble.NOT_KEPT, troubles.NOT_KEPT)
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Rules:
    """How long and how much is kept; None: without end."""

    longest_days: int | None
    most_bytes: int | None


class MediaUpkeep:
    """Looks after the contents."""

    def __init__(
        self,
        store: KeptMedia,
        files: MediaFiles,
        rules: Rules,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._store = store
        self._files = files
        self._rules = rules
        self._clock = clock
        self._sleep = sleep

    async def run(self) -> None:
        """Look at the start, and every hour; at all files at the start, and once a day. Raises StoreUnavailable."""
        looks = 0
        while True:
            if looks % SWEEP_EVERY_LOOKS == 0:
                await self.sweep()
            await self.enforce()
            looks += 1
            await self._sleep(LOOK_EVERY_S)

    async def enforce(self) -> None:
        """Drop what is too old, then the oldest of what is too much. Raises StoreUnavailable."""
        if self._rules.longest_days is not None:
            than_ms = int(self._clock() * 1000) - self._rules.longest_days * _DAY_MS
            while await self._drop_older(than_ms):
                pass
        if self._rules.most_bytes is not None:
            while await self._drop_beyond(self._rules.most_bytes):
                pass

    async def sweep(self) -> None:
        """Remove files that no row needs. Raises StoreUnavailable."""
        for shelf in self._files.shelves():
            if hashes := await self._files.on_shelf(shelf):
                await self._remove_unneeded(hashes)

    async def _drop_older(self, than_ms: int) -> int:
        dropped = await self._store.drop_older(than_ms=than_ms, failure=_NOT_KEPT, limit=AT_ONCE)
        await self._remove_unneeded(dropped)
        return len(dropped)

    async def _drop_beyond(self, most_bytes: int) -> int:
        total_bytes = await self._store.total_bytes()
        going = beyond(await self._store.oldest(limit=AT_ONCE), total_bytes=total_bytes, bound_bytes=most_bytes)
        if going:
            await self._store.drop_contents(going, _NOT_KEPT)
            await self._remove_unneeded(going)
        return len(going)

    async def _remove_unneeded(self, hashes: Collection[str]) -> None:
        async with self._files.placing:  # a content may just have got its name, and not yet its row
            unneeded = set(hashes) - set(await self._store.needed(hashes))
            await self._files.drop(unneeded)
        if unneeded:
            log.info("media_removed", contents=len(unneeded))
