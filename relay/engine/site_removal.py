"""Removing a site: the use case behind `relay site remove`.

The steps, each harmless when it is done twice; whoever dies in between leaves a site that is listed as being removed,
and the same command goes on:

1. mark the record         from here on it is not there for anybody: no page is bound to it, nothing pushed, no call
                           of it admitted, no link for the browser made
2. wait for changes        a change of a binding that began before may still bring it a page: then this is refused
3. end its pages           a few in each call: unbound, unsubscribed at Facebook, their tokens forgotten
4. erase what is kept      what waits goes as it is, counted; a drain under way loses its lease, and settles nothing
5. erase the record        its name rests for a while (`adapters.redis_sites.NAME_RESTS_S`)

Two things stay, for good: the pages that the outbox refuses and the numbers of their changes. A process that stood
still may wake with a binding it has remembered, or in the middle of a change, and they alone keep it from bringing
the old pages' events to a new site of the same name.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from relay.core.errors import SiteInUse
from relay.core.limits import LossReason
from relay.engine import metrics
from shared.clock import Clock
from shared.errors import UserError
from shared.logs import get_logger

log = get_logger(__name__)

PAGES_AT_ONCE = 4
"""Pages ended in one call, side by side: each takes Facebook a call."""
NAMED_AT_MOST = 5
"""Pages named in a refusal."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What there is of a site."""

    pages: Sequence[str]
    """Bound to it, reserved for it, or kept as its own."""
    changing: Sequence[str]
    """Pages of which a change is under way that names this site."""
    waiting: int
    dead_letters: int
    begun: bool
    """Whether its removal was begun before."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was dropped."""

    waiting: int
    dead_letters: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What one call came to."""

    still_subscribed: dict[str, str]
    """Each page that was ended → why Facebook goes on sending its events; empty where it does not."""
    pages_left: int
    """How many pages are left to be ended; none when the site is no more."""
    erased: Erased = Erased(0, 0)


class RemovalStore(Protocol):
    """What there is of sites; every method raises StoreUnavailable."""

    async def look(self, site: str) -> Remains:
        """Say what there is. Raises SiteNotFound."""

    async def mark(self, site: str, *, since_ms: int | None) -> None:
        """Mark the record of a site as that of one which is being removed, or with None as before. Raises SiteNotFound.

        Of a site that is marked, nobody else finds the record.
        """

    async def pause(self, site: str, *, reason: str) -> None:
        """Have its drain end with the batch that is under way, and show why."""

    async def erase(self, site: str) -> Erased:
        """Drop what waits for it, and all that is known of its deliveries, calls and logins; not its record."""

    async def end(self, site: str) -> None:
        """Erase its record."""


class Abandoning(Protocol):
    """`engine.page_connection.PageConnection`, as far as it is needed here."""

    async def abandon(self, page_id: str, site: str) -> str:
        """End a page of the site. Raises UserError while a change of it is under way, StoreUnavailable."""


class ProbeCancelling(Protocol):
    """Who schedules probes."""

    async def cancel(self, site: str) -> None:
        """Take back the probe of a site. Raises StoreUnavailable."""


class SiteRemoval:
    """Removes sites."""

    def __init__(self, store: RemovalStore, pages: Abandoning, schedule: ProbeCancelling, *, clock: Clock) -> None:
        self._store = store
        self._pages = pages
        self._schedule = schedule
        self._clock = clock

    async def look(self, name: str) -> Remains:
        """Say what would go. Raises SiteNotFound, StoreUnavailable."""
        return await self._store.look(name)

    async def remove(self, name: str, *, force: bool = False) -> Removed:
        """Remove a site, or go a bounded step towards that: called again until no page is left.

        Raises SiteNotFound, SiteInUse, UserError while a page of it is being changed, StoreUnavailable.
        """
        before = await self._store.look(name)
        if not force:
            _refuse_in_use(name, before)
        await self._store.mark(name, since_ms=round(self._clock() * 1000))
        remains = await self._store.look(name)
        await self._look_again(name, before, remains, force=force)
        await self._store.pause(name, reason=f"being removed; `relay site remove {name} --force` goes on with it")
        ended = await self._end(name, remains.pages[:PAGES_AT_ONCE])
        if len(remains.pages) > PAGES_AT_ONCE:
            return Removed(ended, len(remains.pages) - PAGES_AT_ONCE)
        erased = await self._store.erase(name)
        await self._schedule.cancel(name)
        await self._store.end(name)
        _count(name, erased)
        return Removed(ended, 0, erased)

    async def _look_again(self, name: str, before: Remains, remains: Remains, *, force: bool) -> None:
        """Leave a site that got something between the look and the mark as it was, unless its end is wanted anyway."""
        try:
            if not force:
                _refuse_in_use(name, remains)
            _refuse_changing(name, remains)
        except UserError:
            if not force and not before.begun:
                await self._store.mark(name, since_ms=None)
            raise

    async def _end(self, name: str, pages: Sequence[str]) -> dict[str, str]:
        # All of them are tried whatever becomes of one; then the first trouble is the answer.
        outcomes = await asyncio.gather(*(self._pages.abandon(page, name) for page in pages), return_exceptions=True)
        told: dict[str, str] = {}
        for page, outcome in zip(pages, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                raise outcome
            told[page] = outcome
        return told


def _count(name: str, erased: Erased) -> None:
    metrics.EVENTS_LOST.labels(LossReason.DROPPED.value).inc(erased.waiting)
    metrics.EVENTS_LOST.labels(LossReason.DEAD_DROPPED.value).inc(erased.dead_letters)
    log.warning("site_removed", site=name, dropped=erased.waiting, dead_dropped=erased.dead_letters)


def _refuse_in_use(name: str, remains: Remains) -> None:
    reasons = []
    if remains.pages:
        named = ", ".join(remains.pages[:NAMED_AT_MOST]) + (", …" if len(remains.pages) > NAMED_AT_MOST else "")
        reasons.append(f"it has pages ({named}): `relay unbind PAGE`, or `relay bind PAGE SITE --move`")
    if remains.waiting:
        reasons.append(f"{_counted(remains.waiting, 'event')} wait for it: `relay outbox show {name}`")
    if remains.dead_letters:
        reasons.append(f"it has {_counted(remains.dead_letters, 'dead letter')}: `relay outbox show {name} --dead`")
    if reasons:
        raise SiteInUse(f"site {name} is not removed. {'; '.join(reasons)}. --force ends and drops all of that")


def _refuse_changing(name: str, remains: Remains) -> None:
    if remains.changing:
        raise UserError(
            f"page {remains.changing[0]} of site {name} is just being changed; the same command goes on in some seconds"
        )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
