"""Binding, unbinding and moving, one change of a page at a time, each finished by somebody although its process died.

`engine.binding` and `engine.handover` know the steps, each harmless when repeated. This file records a change before
its first step and erases the record after its last. Between them intake may have to wait for the page, so a change that
nobody finishes would have Meta answered with 503. A record that nobody renews is never dropped, only *taken over*: by a
worker's sweep, or by the next change of the page, which finishes it before it begins.

Its process may merely stand still. Whoever takes over has a greater number and goes through the same steps, so
it writes wherever the other one might still write, and what is written there is the end of the matter for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeVar

from relay.core.change import RENEW_EVERY_S, Change, ChangeKind, Mandate
from relay.core.errors import ChangeOvertaken, SiteNotFound
from relay.core.site import check_page_id
from relay.engine.binding import Bindings
from relay.engine.handover import HandedOver, Handover
from shared.errors import UserError
from shared.logs import get_logger
from shared.names import is_site_name

log = get_logger(__name__)

Result = TypeVar("Result")
Work = Callable[[Mandate], Coroutine[Any, Any, Result]]


class Standing(StrEnum):
    """What came of the wish to begin a change."""

    NEW = "new"
    """It is recorded."""
    TAKEN = "taken"
    """An earlier one, which nobody works on, is ours now, as it is recorded; the wish has to wait for its end."""
    OTHER = "other"
    """Another one is under way."""


class Begun(NamedTuple):
    """What came of the wish to begin a change, and the change that is recorded now."""

    standing: Standing
    change: Change


class ChangeLog(Protocol):
    """Where changes under way are recorded, by one clock; every method raises StoreUnavailable."""

    async def begin(self, page_id: str, kind: ChangeKind, site: str, source: str = "", *, token: str) -> Begun:
        """Record a change unless there is one already; one that was not renewed for STALE_AFTER_S is taken over.

        A change that is recorded or taken over gets a number greater than all before it. `token` is another one each
        time: an answer that was lost is asked for again with the same one.
        """

    async def take_over(self, page_id: str, *, token: str) -> Change | None:
        """Take over the page's change if nobody works on it."""

    async def renew(self, page_id: str, change: Change) -> None:
        """Note that a change is worked on, if it is still its own."""

    async def end(self, page_id: str, change: Change) -> None:
        """Erase a change's record, if it is still its own."""

    async def pages(self) -> Sequence[str]:
        """Name every page of which a change is recorded."""


class Rebinding:
    """The use cases behind `relay bind` and `relay unbind`, and behind the sweep that finishes them.

    Fits `engine.outbox_admin.Settling`, too.
    """

    def __init__(
        self, bindings: Bindings, handover: Handover, changes: ChangeLog, *, new_token: Callable[[], str]
    ) -> None:
        self._bindings = bindings
        self._handover = handover
        self._changes = changes
        self._new_token = new_token

    async def bind(self, page_id: str, site: str) -> int:
        """See `Bindings.bind`. Raises UserError also while another change of this page is under way."""
        if not is_site_name(site):
            raise SiteNotFound(site)
        return await self._change(
            check_page_id(page_id), ChangeKind.BIND, site, lambda mandate: self._bindings.bind(mandate, site)
        )

    async def move(self, page_id: str, site: str) -> HandedOver:
        """Have the site that a page belongs to hand it over, or bind it if it is nobody's. See `Handover.move`.

        Raises UserError also while another change of this page is under way.
        """
        if not is_site_name(site):
            raise SiteNotFound(site)
        source = await self.find(page_id)
        if source in {None, site}:
            return HandedOver("", await self.bind(page_id, site), 0, has_token=False)
        return await self._change(
            page_id, ChangeKind.MOVE, site, lambda mandate: self._handover.move(mandate, source, site), source=source
        )

    async def check(self, page_id: str, site: str) -> None:
        """Raise UserError when a page belongs to another site than this one, StoreUnavailable."""
        await self._bindings.check(page_id, site)

    async def find(self, page_id: str) -> str | None:
        """Return the site that a page belongs to, if any. Raises UserError for what is no page id, StoreUnavailable."""
        return await self._bindings.find(check_page_id(page_id))

    async def owner(self, page_id: str) -> str:
        """Return the site that a page belongs to. Raises UserError when there is none, StoreUnavailable."""
        return await self._bindings.owner(page_id)

    async def unbind(self, page_id: str, *, only_from: str = "") -> str:
        """See `Bindings.unbind`. Raises UserError also while another change of this page is under way."""

        async def unbind(mandate: Mandate) -> str:
            return await self._bindings.unbind(mandate, only_from=only_from)

        return await self._change(check_page_id(page_id), ChangeKind.UNBIND, "", unbind, source=only_from)

    async def settling(self, page_id: str, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do something to what waits unclaimed; then it goes to the page's site, if there is one, whoever dies before.

        Raises UserError also while another change of this page is under way, StoreUnavailable.
        """

        async def work_and_settle(mandate: Mandate) -> Result:
            result = await work()
            await self._bindings.settle(mandate)
            return result

        return await self._change(check_page_id(page_id), ChangeKind.SETTLE, "", work_and_settle)

    async def finish_interrupted(self) -> int:
        """Run to its end every change whose process died; returns how many there were. Raises StoreUnavailable."""
        finished = 0
        for page_id in await self._changes.pages():
            change = await self._changes.take_over(page_id, token=self._new_token())
            if change is not None:
                await self._finish(page_id, change)
                finished += 1
        return finished

    async def _change(
        self, page_id: str, kind: ChangeKind, site: str, work: Work[Result], *, source: str = ""
    ) -> Result:
        return await self._run(page_id, await self._begin(page_id, kind, site, source), work)

    async def _begin(self, page_id: str, kind: ChangeKind, site: str, source: str) -> Change:
        """Record a change; an interrupted one is finished first, unless it is the same."""
        while True:
            standing, change = await self._changes.begin(page_id, kind, site, source, token=self._new_token())
            if standing is Standing.OTHER:
                raise UserError(f"page {page_id} is just being changed ({change}); try again in some seconds")
            if standing is Standing.NEW or (change.kind, change.site, change.source) == (kind, site, source):
                return change
            await self._finish(page_id, change)

    async def _finish(self, page_id: str, change: Change) -> None:
        """Run a change that was taken over to its end; where that cannot be reached any more, leave all in order."""
        log.warning("binding_change_interrupted", page=page_id, change=change.kind, site=change.site)
        try:
            await self._run(page_id, change, lambda mandate: self._again(mandate, change))
        except ChangeOvertaken as error:
            log.warning("binding_change_given_up", page=page_id, reason=str(error))

    async def _again(self, mandate: Mandate, change: Change) -> None:
        steps: dict[ChangeKind, Callable[[], Awaitable[object]]] = {
            ChangeKind.BIND: lambda: self._bindings.bind(mandate, change.site),
            ChangeKind.UNBIND: lambda: self._bindings.unbind(mandate, only_from=change.source),
            ChangeKind.MOVE: lambda: self._handover.move(mandate, change.source, change.site),
            ChangeKind.SETTLE: lambda: self._bindings.settle(mandate),
        }
        try:
            await steps[change.kind]()
        except ChangeOvertaken:
            raise
        except UserError as error:
            log.warning("binding_change_given_up", page=mandate.page_id, reason=str(error))
            if change.kind is ChangeKind.MOVE:
                await self._handover.call_off(mandate, change.source)
            await self._bindings.settle(mandate)

    async def _run(self, page_id: str, change: Change, work: Work[Result]) -> Result:
        """Run `work` under the record of `change`. What ends in StoreUnavailable stays recorded, to be finished."""
        try:
            result = await self._renewing(page_id, change, work(Mandate(page_id, change.number)))
        except UserError:
            await self._changes.end(page_id, change)
            raise
        await self._changes.end(page_id, change)
        return result

    async def _renewing(self, page_id: str, change: Change, work: Coroutine[Any, Any, Result]) -> Result:
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=RENEW_EVERY_S))[0]:
                await self._changes.renew(page_id, change)
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
