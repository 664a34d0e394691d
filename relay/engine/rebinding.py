"""Binding and unbinding, one change of a page at a time, each finished by somebody although its process died.

`engine.binding` knows the steps, each harmless when repeated. This file records a change before its first step and
erases the record after its last. Between them intake may have to wait for the page, so a change that nobody finishes
would have Meta answered with 503; a worker's sweep finds the record and runs the change again, to its end.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

from relay.core.change import RENEW_EVERY_S, Change, ChangeKind
from relay.core.errors import SiteNotFound
from relay.core.site import check_page_id
from relay.engine.binding import Bindings
from shared.clock import Clock
from shared.errors import UserError
from shared.logs import get_logger
from shared.names import is_site_name

log = get_logger(__name__)

Result = TypeVar("Result")


class ChangeLog(Protocol):
    """Where changes under way are recorded; every method raises StoreUnavailable."""

    async def begin(self, page_id: str, change: Change, *, now: float) -> Change | None:
        """Record a change unless another one, not stale, is under way: then that one is returned."""

    async def renew(self, page_id: str, change: Change) -> None:
        """Write a change's record again, if it is still its own."""

    async def end(self, page_id: str, change: Change) -> None:
        """Erase a change's record, if it is still its own."""

    async def all(self) -> Mapping[str, Change]:
        """Return every change under way, by page."""


class Rebinding:
    """The use cases behind `relay bind` and `relay unbind`, and behind the sweep that finishes them."""

    def __init__(self, bindings: Bindings, changes: ChangeLog, *, clock: Clock, new_token: Callable[[], str]) -> None:
        self._bindings = bindings
        self._changes = changes
        self._clock = clock
        self._new_token = new_token

    async def bind(self, page_id: str, site: str) -> int:
        """See `Bindings.bind`. Raises UserError also while another change of this page is under way."""
        if not is_site_name(site):
            raise SiteNotFound(site)
        change = self._change(ChangeKind.BIND, site)
        return await self._run(check_page_id(page_id), change, self._bindings.bind(page_id, site))

    async def check(self, page_id: str, site: str) -> None:
        """Raise UserError when a page belongs to another site than this one, StoreUnavailable."""
        await self._bindings.check(page_id, site)

    async def owner(self, page_id: str) -> str:
        """Return the site that a page belongs to. Raises UserError when there is none, StoreUnavailable."""
        return await self._bindings.owner(page_id)

    async def unbind(self, page_id: str) -> str:
        """See `Bindings.unbind`. Raises UserError also while another change of this page is under way."""
        change = self._change(ChangeKind.UNBIND, "")
        return await self._run(check_page_id(page_id), change, self._bindings.unbind(page_id))

    async def finish_interrupted(self) -> int:
        """Run to its end every change whose process died; returns how many there were. Raises StoreUnavailable."""
        stale = {page: each for page, each in (await self._changes.all()).items() if each.is_stale(now=self._clock())}
        for page_id, change in stale.items():
            log.warning("binding_change_interrupted", page=page_id, change=change.kind, site=change.site)
            try:
                await (self.bind(page_id, change.site) if change.kind is ChangeKind.BIND else self.unbind(page_id))
            except UserError as error:
                log.warning("binding_change_given_up", page=page_id, reason=str(error))
        return len(stale)

    def _change(self, kind: ChangeKind, site: str) -> Change:
        return Change(kind, site, self._new_token(), round(self._clock() * 1000))

    async def _run(self, page_id: str, change: Change, work: Coroutine[None, None, Result]) -> Result:
        """Run `work` under the record of `change`. What ends in StoreUnavailable stays recorded, to be finished."""
        try:
            other = await self._changes.begin(page_id, change, now=self._clock())
        except BaseException:
            work.close()
            raise
        if other is not None:
            work.close()
            raise UserError(
                f"page {page_id} is just being changed ({other.kind} {other.site}); try again in some seconds"
            )
        try:
            result = await self._renewing(page_id, change, work)
        except UserError:
            await self._changes.end(page_id, change)
            raise
        await self._changes.end(page_id, change)
        return result

    async def _renewing(self, page_id: str, change: Change, work: Coroutine[None, None, Result]) -> Result:
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=RENEW_EVERY_S))[0]:
                change = replace(change, renewed_at_ms=round(self._clock() * 1000))
                await self._changes.renew(page_id, change)
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
