"""Changes of bindings under way, in Redis: one hash, a record for each page, written by Redis by its own clock."""

from collections.abc import Sequence

from redis.asyncio import Redis

from relay.adapters.replies import text
from relay.adapters.scripts import BEGIN_CHANGE, KEEP_CHANGE
from relay.adapters.store_errors import store_errors
from relay.core import keys
from relay.core.change import STALE_AFTER_S, Change, ChangeKind, sites_of
from relay.engine.rebinding import Begun, Standing

_NOBODYS = f"0 - {ChangeKind.SETTLE}  0"
"""The record of a change that nobody works on: whoever comes next takes it over."""


class RedisChanges:
    """Fits `engine.rebinding.ChangeLog` and `engine.intake.Unsettled`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def begin(self, page_id: str, kind: ChangeKind, site: str, source: str = "", *, token: str) -> Begun:
        """See `engine.rebinding.ChangeLog.begin`."""
        begun = await self._begin(page_id, token, kind, sites_of(site, source))
        assert begun is not None  # noqa: S101  the script answers nothing only when it is asked to take over
        return begun

    async def take_over(self, page_id: str, *, token: str) -> Change | None:
        """See `engine.rebinding.ChangeLog.take_over`."""
        begun = await self._begin(page_id, token, "", "")
        return begun.change if begun and begun.standing is Standing.TAKEN else None

    async def renew(self, page_id: str, change: Change) -> None:
        """See `engine.rebinding.ChangeLog.renew`."""
        await self._keep(page_id, change, "renew")

    async def end(self, page_id: str, change: Change) -> None:
        """See `engine.rebinding.ChangeLog.end`."""
        await self._keep(page_id, change, "end")

    async def pages(self) -> Sequence[str]:
        """See `engine.rebinding.ChangeLog.pages`."""
        async with store_errors():
            return [text(page) for page in await self._redis.hkeys(keys.CHANGES)]

    async def report(self, page_id: str) -> None:
        """See `engine.intake.Unsettled.report`."""
        async with store_errors():
            await self._redis.hsetnx(keys.CHANGES, page_id, _NOBODYS)

    async def _begin(self, page_id: str, token: str, kind: str, sites: str) -> Begun | None:
        args = [page_id, token, kind, sites, round(STALE_AFTER_S * 1000)]
        async with store_errors():
            answer = await BEGIN_CHANGE.run(self._redis, [keys.CHANGES, keys.CHANGE_NUMBER], args)
        if answer is None:
            return None
        standing, record = answer
        return Begun(Standing(text(standing)), Change.decode(text(record)))

    async def _keep(self, page_id: str, change: Change, action: str) -> None:
        async with store_errors():
            await KEEP_CHANGE.run(self._redis, [keys.CHANGES], [page_id, change.token, action])
