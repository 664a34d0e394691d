"""The watchdog: keeps every connected page subscribed, and tells its site what was missed and when its token is dead.

What a finding leads to is in `core.audit`, when a page is due in `core.audit_times`, what is known in
`core.audit_state`. Here is what is done, and the rule of it: whatever is still to be told is written down before the
step that would hide it, and crossed off after it was told. So a crash tells twice, and never nothing.

One process audits: the one that sweeps. Two that do so for a moment do no harm, but tell twice.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from relay.core.audit import MOST_BACK_OFF_S, SOON_S, Audit, Finding, next_in_s
from relay.core.audit_state import (
    AuditState,
    Outage,
    died,
    gap_told,
    is_token_check_due,
    locked,
    missed,
    noted,
    standing,
    token_alive,
    unmended,
)
from relay.core.audit_times import next_audit_ms, share
from relay.core.errors import StoreUnavailable
from relay.core.page import ConnectedPage, LockedPage
from relay.engine import metrics
from shared.clock import Clock
from shared.logs import get_logger

log = get_logger(__name__)

TICK_S = 15.0
"""How often due pages are looked for: one command where there are none."""
PLAN_EVERY_S = 300.0
"""How often pages that were connected since are given their times."""
FURTHEST_MS = round(MOST_BACK_OFF_S * 1000) + 60_000
"""A time further ahead than this nobody planned: a clock was put back since."""
AT_ONCE = 4
"""Questions to Facebook side by side."""


@dataclass(frozen=True, slots=True)
class Due:
    """A page whose audit is due."""

    page_id: str
    page: ConnectedPage | LockedPage | None
    """None when it is not connected any more."""
    site: str
    """The site it is bound to; empty when it is to none, or is just being bound."""
    state: AuditState | None


@dataclass(frozen=True, slots=True)
class Audited:
    """What came of an audit."""

    page_id: str
    state: AuditState | None
    """What is known now; None: nothing new."""
    again_at_ms: int


class AuditStore(Protocol):
    """Where pages, their times and what is known of them are kept; every method raises StoreUnavailable."""

    async def pages(self) -> Sequence[str]:
        """Name every connected page."""

    async def times(self) -> Mapping[str, int]:
        """Return page → ms of its next audit, for all that have one."""

    async def plan(self, times: Mapping[str, int]) -> None:
        """Set the next audit of pages."""

    async def due(self, *, now_ms: int, at_most: int) -> Sequence[Due]:
        """Return the pages whose audit is due, those first that are longest."""

    async def outages(self) -> Sequence[Outage]:
        """Return the last outages of the relay."""

    async def save(self, audited: Sequence[Audited]) -> None:
        """Keep what was found and when to ask again."""

    async def forget(self, page_ids: Sequence[str]) -> None:
        """Keep nothing of pages that are not connected any more."""


class AuditGraph(Protocol):
    """What audits ask of Meta; nothing is raised, what goes wrong is a finding."""

    async def subscription(self, page: ConnectedPage) -> Audit:
        """Ask whether the page is subscribed to everything."""

    async def subscribe(self, page: ConnectedPage) -> Audit:
        """Subscribe it; SUBSCRIBED when that was done."""

    async def token(self, page: ConnectedPage) -> Audit:
        """Ask whether its token lives: SUBSCRIBED when it does."""


class News(Protocol):
    """Who tells sites of their pages; false when the page just is not, or no more, the site's. StoreUnavailable."""

    async def gap(self, page_id: str, site: str, *, from_ms: int, to_ms: int, reason: str) -> bool:
        """Say that events may be missing."""

    async def token_invalid(self, page_id: str, site: str, audit: Audit) -> bool:
        """Say that the token is dead."""

    async def token_valid(self, page: ConnectedPage, site: str) -> bool:
        """Give the site the token anew, as it works again."""


class Watchdog:
    """Audits pages while `is_mine` says that it is this process's turn."""

    def __init__(
        self, store: AuditStore, graph: AuditGraph, news: News, *, is_mine: Callable[[], bool], clock: Clock
    ) -> None:
        self._store = store
        self._graph = graph
        self._news = news
        self._is_mine = is_mine
        self._clock = clock
        self._known_pages = 0
        self._plan_at = 0.0
        self._paused_until = 0.0
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run(self, stop: asyncio.Event) -> None:
        """Audit what is due, now and then, until `stop` is set; outlives every trouble."""
        while not stop.is_set():
            try:
                await self.once()
            except StoreUnavailable as error:
                log.warning("watchdog_waits_for_redis", reason=str(error))
            except Exception:
                log.exception("watchdog_failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TICK_S)

    async def once(self) -> int:
        """Audit a share of what is due; returns how many pages that were. Raises StoreUnavailable."""
        now = self._clock()
        if not self._is_mine():
            self._plan_at = 0.0
            return 0
        if not self._plan_at - PLAN_EVERY_S <= now < self._plan_at:
            await self._plan(round(now * 1000))
            self._plan_at = now + PLAN_EVERY_S
        if now < self._paused_until:
            return 0
        due = await self._store.due(now_ms=round(now * 1000), at_most=share(self._known_pages, tick_s=TICK_S))
        if due:
            await self._audit_all(due)
        return len(due)

    async def _plan(self, now_ms: int) -> None:
        """Give a time to pages that have none, or one that only a wrong clock can have given."""
        pages, times = await self._store.pages(), await self._store.times()
        self._known_pages = len({*pages, *times})
        lost = [page for page in pages if times.get(page, math.inf) > now_ms + FURTHEST_MS]
        await self._store.plan({page: next_audit_ms(page, after_ms=now_ms) for page in lost})

    async def _audit_all(self, due: Iterable[Due]) -> None:
        outages = await self._store.outages()
        gone = [each.page_id for each in due if each.page is None]
        tasks = [asyncio.create_task(self._in_turn(each, outages)) for each in due if each.page is not None]
        # All of them end, whatever becomes of one: what was told must be noted, or it is told again.
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        audited = [each for each in outcomes if isinstance(each, Audited)]
        if audited:
            await self._store.save(audited)
        if gone:
            await self._store.forget(gone)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _in_turn(self, due: Due, outages: Sequence[Outage]) -> Audited | None:
        """Audit one page when it is its turn; a fault in one costs no other. None: it stays due."""
        async with self._slots:
            if self._clock() < self._paused_until:
                return None
            try:
                return await self._audit(due, outages)
            except StoreUnavailable:
                raise
            except Exception:
                log.exception("audit_failed", page=due.page_id)
                return Audited(due.page_id, None, self._own_minute_ms(due.page_id))

    async def _audit(self, due: Due, outages: Sequence[Outage]) -> Audited:
        if due.page is None or not due.site:
            return Audited(due.page_id, None, self._own_minute_ms(due.page_id))
        state = standing(due.state, due.page, due.site)
        if isinstance(due.page, LockedPage):
            return self._locked(due.page_id, state)
        state = missed(state, outages)
        audit = await self._graph.subscription(due.page)
        metrics.AUDITS.labels(audit.finding).inc()
        state = noted(state, audit, now_ms=self._now_ms())
        answers = [audit]
        if audit.plan.subscribe:
            made, state = await self._subscribe(due.page, state)
            answers.append(made)
        if audit.finding is Finding.TOKEN_DEAD:
            state = await self._mourn(due.page_id, state, audit)
        elif audit.plan.is_answer and is_token_check_due(state, now_ms=self._now_ms()):
            token, state = await self._check_token(due.page, state)
            answers.append(token)
        return self._end(due.page_id, await self._tell_gap(due.page_id, state), answers)

    def _locked(self, page_id: str, state: AuditState) -> Audited:
        """Note that a token cannot be opened; looked at again soon, as that asks nobody and the key may be back."""
        if not state.locked:
            log.error("page_token_locked", page=page_id, site=state.site)
        return Audited(page_id, locked(state), self._now_ms() + round(SOON_S * 1000))

    def _end(self, page_id: str, state: AuditState, answers: Sequence[Audit]) -> Audited:
        now = self._clock()
        for each in answers:
            if each.pause_s:
                self._paused_until = max(self._paused_until, now + each.pause_s)
                log.warning("audits_paused", seconds=each.pause_s, reason=each.words)
        again_in_s = next_in_s(answers)
        if again_in_s is None:
            return Audited(page_id, state, self._own_minute_ms(page_id))
        return Audited(page_id, state, round((now + again_in_s) * 1000))

    async def _subscribe(self, page: ConnectedPage, state: AuditState) -> tuple[Audit, AuditState]:
        """Subscribe a page; what it missed is written down first, as afterwards nothing would show it."""
        if state.gap_from_ms is not None:
            await self._store.save([Audited(page.page_id, state, self._now_ms())])
        made = await self._graph.subscribe(page)
        if made.finding is not Finding.SUBSCRIBED:
            log.warning("page_not_resubscribed", page=page.page_id, reason=made.words)
            return made, unmended(state, made)
        metrics.RESUBSCRIPTIONS.inc()
        log.warning("page_resubscribed", page=page.page_id, reason=state.trouble)
        return made, noted(state, made, now_ms=self._now_ms())

    async def _check_token(self, page: ConnectedPage, state: AuditState) -> tuple[Audit, AuditState]:
        audit = await self._graph.token(page)
        if audit.finding is Finding.SUBSCRIBED:
            return audit, await self._revive(page, state)
        if audit.finding is Finding.TOKEN_DEAD:
            return audit, await self._mourn(page.page_id, state, audit)
        # The subscription was answered, and what it told stays: this is asked again, as the check stays due.
        return audit, unmended(state, audit) if audit.plan.is_answer and not state.trouble else state

    async def _mourn(self, page_id: str, state: AuditState, audit: Audit) -> AuditState:
        """Tell the site of a death, once."""
        if state.death is not None or not await self._news.token_invalid(page_id, state.site, audit):
            return state
        metrics.TOKEN_DEATHS.inc()
        return died(state, audit, now_ms=self._now_ms())

    async def _revive(self, page: ConnectedPage, state: AuditState) -> AuditState:
        """Note that a token lives; where it was dead, its site is told first."""
        if state.death is not None:
            if not await self._news.token_valid(page, state.site):
                return state
            metrics.TOKEN_RECOVERIES.inc()
        return token_alive(state, now_ms=self._now_ms())

    async def _tell_gap(self, page_id: str, state: AuditState) -> AuditState:
        """Tell the site what it missed, once the page is sent again: until then the gap only grows."""
        if state.gap_from_ms is None or not state.subscribed:
            return state
        told = await self._news.gap(
            page_id, state.site, from_ms=state.gap_from_ms, to_ms=self._now_ms(), reason=state.gap_reason
        )
        if not told:
            return state
        metrics.GAPS.inc()
        return gap_told(state)

    def _own_minute_ms(self, page_id: str) -> int:
        return next_audit_ms(page_id, after_ms=self._now_ms())

    def _now_ms(self) -> int:
        return round(self._clock() * 1000)
