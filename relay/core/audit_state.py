"""What is known of a connected page by its audits, and how an audit changes it. Pure; times are ms since 1970, UTC.

The rule: what is still to be told stays in the state until it was told, so that a crash repeats and never forgets.

A state is of one connection to one site. Connecting the page anew begins another, and so does handing it over; what the
page may have missed until then is told to the same site, and to no other one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from relay.core.audit import Audit, Finding
from relay.core.page import ConnectedPage, LockedPage

TOKEN_EVERY_MS = 23 * 3_600_000
"""A little less than a day, so that a check daily in the same minute is never just missed."""

LOCKED = (
    "The relay cannot open the page's token, as RELAY_MASTER_KEY is not the key that it was encrypted with: append the"
    " earlier key to RELAY_MASTER_KEY, separated by a comma, and start the relay again; where that key is lost, connect"
    " the page again (`relay connect SITE`)."
)
"""What an operator reads of a page that cannot be audited."""

RELAY_WAS_AWAY = "The relay took nothing from Facebook for more than an hour."


class Death(msgspec.Struct, frozen=True):
    """Since when Facebook takes a token no longer, as the site was told."""

    since_ms: int
    reason: str
    code: int | None = None
    subcode: int | None = None


class AuditState(msgspec.Struct, frozen=True):
    """What is known of one connection."""

    site: str
    connected_at_ms: int
    """Since when the site has the page with this token (`ConnectedPage.since_ms`): names the connection."""
    good_at_ms: int
    """When the page was last known to be subscribed to everything."""
    asked_at_ms: int = 0
    """When Facebook last answered; 0: not yet."""
    token_checked_at_ms: int = 0
    subscribed: bool | None = None
    """Whether the page is; None: nobody knows."""
    trouble: str = ""
    """What is wrong, in words, beside a dead token."""
    unasked: str = ""
    """Why Facebook could not be asked the last time; empty when it could."""
    locked: str = ""
    """Why nothing was asked at all, in words: no master key opens the token; empty when one does."""
    death: Death | None = None
    gap_from_ms: int | None = None
    """Since when events may be missing, while the site was not told of it."""
    gap_reason: str = ""
    outages_told_ms: int = 0
    """The end of the last outage of the relay that is in a gap."""
    held_since_ms: int = 0
    """Since when the site has the page, with whichever token; 0: since it was connected."""

    @property
    def concerned_from_ms(self) -> int:
        """From when on what the page missed concerns the site."""
        return self.held_since_ms or self.connected_at_ms


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which the relay took nothing from Meta."""

    from_ms: int
    to_ms: int


def standing(state: AuditState | None, page: ConnectedPage | LockedPage, site: str) -> AuditState:
    """Return what is known of this very connection."""
    if state is not None and (state.site, state.connected_at_ms) == (site, page.since_ms):
        return state
    fresh = AuditState(site, page.since_ms, good_at_ms=page.since_ms)
    if state is None or state.site != site or page.moved_at_ms:
        return fresh
    fresh = replace(fresh, held_since_ms=state.concerned_from_ms, outages_told_ms=state.outages_told_ms)
    missed_from = state.good_at_ms if state.death is not None else None
    pending = [each for each in (state.gap_from_ms, missed_from) if each is not None]
    reason = state.gap_reason or "Facebook did not take the page's token, and nobody could see whether it was sent."
    return replace(fresh, gap_from_ms=min(pending), gap_reason=reason) if pending else fresh


def locked(state: AuditState) -> AuditState:
    """Return the state of a page whose token no master key opens; what was known of it stays known."""
    return replace(state, locked=LOCKED)


def missed(state: AuditState, outages: Sequence[Outage]) -> AuditState:
    """Add the outages of the relay that the site was not told of."""
    news = [each for each in outages if each.to_ms > max(state.outages_told_ms, state.concerned_from_ms)]
    if not news:
        return state
    since = min(each.from_ms for each in news)
    told = max(each.to_ms for each in news)
    return replace(_with_gap(state, max(since, state.concerned_from_ms), RELAY_WAS_AWAY), outages_told_ms=told)


def is_token_check_due(state: AuditState, *, now_ms: int) -> bool:
    """Whether to ask for the token itself: once a day, and whenever a dead one seems to work again."""
    return state.death is not None or not 0 <= now_ms - state.token_checked_at_ms < TOKEN_EVERY_MS


def noted(state: AuditState, audit: Audit, *, now_ms: int) -> AuditState:
    """Return the state after an audit, before anything is done about it. A death is noted when it was told."""
    state = replace(state, locked="")
    if not audit.plan.is_answer:
        return replace(state, unasked=audit.words)
    state = replace(state, asked_at_ms=now_ms, unasked="")
    if audit.finding is Finding.SUBSCRIBED:
        return replace(state, subscribed=True, good_at_ms=now_ms, trouble="")
    if audit.plan.subscribe:
        lacking = replace(state, subscribed=False, trouble=audit.words)
        return _with_gap(lacking, state.good_at_ms, audit.words) if audit.plan.gap else lacking
    return replace(state, subscribed=None, trouble="" if audit.finding is Finding.TOKEN_DEAD else audit.words)


def unmended(state: AuditState, audit: Audit) -> AuditState:
    """Return the state after a further question that was answered with no, or not at all."""
    if audit.plan.is_answer:
        return replace(state, trouble=audit.words)
    return replace(state, unasked=audit.words)


def token_alive(state: AuditState, *, now_ms: int) -> AuditState:
    """Return the state after a check that found the token alive; where it was dead, when the site was told."""
    return replace(state, token_checked_at_ms=now_ms, death=None)


def died(state: AuditState, audit: Audit, *, now_ms: int) -> AuditState:
    """Return the state after the site was told of a death."""
    return replace(state, death=Death(now_ms, audit.words, audit.code, audit.subcode), token_checked_at_ms=now_ms)


def gap_told(state: AuditState) -> AuditState:
    """Return the state after the site was told of its gap."""
    return replace(state, gap_from_ms=None, gap_reason="")


def _with_gap(state: AuditState, from_ms: int, reason: str) -> AuditState:
    """Widen the gap that is to be told."""
    if state.gap_from_ms is not None and state.gap_from_ms <= from_ms:
        return state
    return replace(state, gap_from_ms=from_ms, gap_reason=state.gap_reason or reason)
