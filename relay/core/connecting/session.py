"""One login in the browser, from the link to the connected pages: what is known of it, and where it stands. Pure.

    stage     step          next      what happened
    issued    open          opened    a browser followed the link: it is bound to the session, and sent to Facebook
    opened    open          opened    the same browser did so again: the earlier login is void
    opened    come back     returned  Facebook sent that browser back: its answer is used up
    returned  list          choosing  Facebook listed the person's pages
    returned  open          opened    declined, or something failed: the same browser tries again
    choosing  open          opened    the same browser wants to log in again
    choosing  choose        done      the form came: the pages' tokens leave the session

Anything else raises and changes nothing. Whoever writes the next session must find the earlier one unchanged
(`engine.connect_sessions`), so that of two who come at the same time one finds the step done.
"""

import hmac
from dataclasses import dataclass, replace
from enum import StrEnum

from relay.core.connecting.listing import ListedPage
from relay.core.connecting.refusals import ConnectRefused, Reason
from relay.core.connecting.ticket import TICKET_TTL_S, digest

STEP_TTL_S = TICKET_TTL_S
"""Seconds for each step after the link was opened."""


MOST_DEPARTURES = 10
"""Logins with one link. Each answer costs calls of the app, whose limit all sites share, and lets a code be guessed."""


class Stage(StrEnum):
    """Where a session stands."""

    ISSUED = "issued"
    OPENED = "opened"
    RETURNED = "returned"
    CHOOSING = "choosing"
    DONE = "done"


class Step(StrEnum):
    """What may happen to it."""

    OPEN = "open"
    COME_BACK = "come back"
    LIST = "list"
    CHOOSE = "choose"


TABLE: dict[tuple[Stage, Step], Stage] = {
    (Stage.ISSUED, Step.OPEN): Stage.OPENED,
    (Stage.OPENED, Step.OPEN): Stage.OPENED,
    (Stage.OPENED, Step.COME_BACK): Stage.RETURNED,
    (Stage.RETURNED, Step.LIST): Stage.CHOOSING,
    (Stage.RETURNED, Step.OPEN): Stage.OPENED,
    (Stage.CHOOSING, Step.OPEN): Stage.OPENED,
    (Stage.CHOOSING, Step.CHOOSE): Stage.DONE,
}


@dataclass(frozen=True, slots=True)
class Session:
    """What is kept. Secrets that a browser or Facebook brings are kept as their hashes, tokens are sealed."""

    site: str
    return_to: str
    """Where the person may go back to; empty for nowhere."""
    expires_at_ms: int
    stage: Stage = Stage.ISSUED
    browser: str = ""
    """Hash of the cookie of the browser it is bound to."""
    login: str = ""
    """Hash of what the answer of the current login must bring along."""
    pages: tuple[ListedPage, ...] = ()
    """What Facebook listed, while the person chooses."""
    person: str = ""
    """Who logged in, by the id that this app knows them by; kept with each page that they connect."""
    incomplete: bool = False
    """Whether Facebook has more pages than were asked for."""
    departures: int = 0
    """How often the browser was sent to Facebook."""

    def check_link(self, browser: str, *, now_ms: int) -> None:
        """Let the link be followed by any browser at first, then by that one alone, in time. Raises ConnectRefused."""
        self._check_time(now_ms)
        if self.stage is not Stage.ISSUED and not self.is_of(browser):
            raise ConnectRefused(Reason.USED)

    def opened(self, *, browser: str, login: str, now_ms: int) -> "Session":
        """Bind the browser whose cookie this is, and expect an answer to this login. Raises ConnectRefused."""
        self.check_link(browser, now_ms=now_ms)
        departures = self.departures + 1
        if departures > MOST_DEPARTURES:
            raise ConnectRefused(Reason.TOO_OFTEN)
        if self.stage is Stage.ISSUED:
            return self._after(Step.OPEN, now_ms, browser=digest(browser), login=digest(login), departures=departures)
        return self._after(Step.OPEN, now_ms, login=digest(login), pages=(), departures=departures)

    def returned(self, *, browser: str, login: str, now_ms: int) -> "Session":
        """Use up the answer of the current login. Raises ConnectRefused."""
        self.check_browser(browser, now_ms=now_ms)
        if self.stage is Stage.ISSUED or not hmac.compare_digest(digest(login), self.login):
            raise ConnectRefused(Reason.FORGED)
        return self._after(Step.COME_BACK, now_ms)

    def listed(self, pages: tuple[ListedPage, ...], *, person: str, incomplete: bool, now_ms: int) -> "Session":
        """Keep what the person may choose from. Raises ConnectRefused."""
        return self._after(Step.LIST, now_ms, pages=pages, person=person, incomplete=incomplete)

    def chosen(self, *, browser: str, now_ms: int) -> "Session":
        """End it; its pages are the earlier session's. Raises ConnectRefused."""
        self.check_browser(browser, now_ms=now_ms)
        return self._after(Step.CHOOSE, now_ms, pages=())

    def check_browser(self, browser: str, *, now_ms: int) -> None:
        """Let only the browser pass that opened the link, in time. Raises ConnectRefused."""
        if not self.is_of(browser):
            raise ConnectRefused(Reason.OTHER_BROWSER)
        self._check_time(now_ms)

    def is_of(self, browser: str) -> bool:
        """Whether this cookie's browser is the one it is bound to."""
        return bool(browser and self.browser) and hmac.compare_digest(digest(browser), self.browser)

    def _after(self, step: Step, now_ms: int, **changes: object) -> "Session":
        stage = TABLE.get((self.stage, step))
        if stage is None:
            raise ConnectRefused(Reason.USED)
        return replace(self, stage=stage, expires_at_ms=now_ms + STEP_TTL_S * 1000, **changes)  # type: ignore[arg-type]  # replace's own check: names of fields

    def _check_time(self, now_ms: int) -> None:
        if now_ms >= self.expires_at_ms:
            raise ConnectRefused(Reason.EXPIRED)
