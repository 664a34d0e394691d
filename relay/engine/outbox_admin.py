"""What operators see and do of outboxes: the use cases behind `relay outbox …`.

Every call is one bounded step, however much is in an outbox; who asks goes on where the answer says. Nothing here
reaches into a batch that a drain has on its way.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from relay.core.choice import Choice
from relay.core.errors import OutboxNotFound
from relay.core.limits import Limits, LossReason, Part
from relay.core.outbox import is_holding, page_of
from relay.engine import metrics
from relay.engine.status import OutboxStatus
from shared.logs import get_logger
from shared.names import is_page_id, is_site_name

log = get_logger(__name__)

LIST_AT_MOST = 200
"""Outboxes, or events, in one answer."""
LOOKED_THROUGH_AT_MOST = 2000
"""Names of outboxes gone through for one answer, most of which may hold nothing."""
SET_ASIDE = "set aside by an operator"


class Action(StrEnum):
    """What can be done with chosen events."""

    COUNT = "count"
    """Nothing: a dry run."""
    DROP = "drop"
    MOVE = "move"
    """To the end of the other part: a dead letter is replayed, a waiting event is set aside."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """What one step came to."""

    go_on: str
    """Where the next step begins; empty when all was gone through."""
    last: str
    """The id with which all steps end, as it was at the first one."""
    looked_at: int
    chosen: int
    size: int
    """Bytes of the chosen events."""
    in_flight: int
    """Events that would have been chosen, but may be on their way to the site."""
    full: bool
    """Whether it stopped because there is no room where the events go."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One event as operators see it."""

    id: str
    page_id: str
    kind: str
    size: int
    """Bytes."""
    accepted_at_ms: int
    reason: str = ""
    """Why it is a dead letter."""
    waited_as: str = ""
    """The id under which a dead letter waited before."""
    payload: bytes | None = None
    """What it says, where that was asked for."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Some events, and where to go on."""

    events: Sequence[Listed]
    go_on: str


@dataclass(frozen=True, slots=True)
class OutboxView:
    """An outbox as it is listed."""

    status: OutboxStatus
    kept_until_ms: int | None
    """When its oldest waiting event will be too old; None where nothing waits."""


@dataclass(frozen=True, slots=True)
class OutboxList:
    """Some outboxes by name, and behind which name to go on; empty when these were the last."""

    outboxes: Sequence[OutboxView]
    go_on: str


class OutboxStore(Protocol):
    """What this needs of the store; every method raises StoreUnavailable."""

    async def names(self) -> Sequence[str]:
        """Name every outbox that may hold or have lost something."""

    async def exists(self, outbox: str) -> bool:
        """Whether there is such a site; an unclaimed page may always have an outbox."""

    async def outboxes(self, names: Sequence[str]) -> Sequence[OutboxStatus]:
        """Return how each of these stands, in the order asked for."""

    async def look(self, outbox: str, part: Part, choice: Choice, *, at_most: int, with_payload: bool) -> Listing:
        """List some of the chosen events, and never more than a few thousand bytes beyond a megabyte."""

    async def sift(self, outbox: str, part: Part, action: Action, choice: Choice, *, reason: str) -> Sifted:
        """Do one step with the chosen events."""


class Settling(Protocol):
    """Who brings what waits unclaimed to the page's site, where it has one by now."""

    async def settling(self, page_id: str, work: Callable[[], Awaitable[Sifted]]) -> Sifted:
        """Do `work`, then bring it, whoever dies before. Raises UserError while the page is changed by others."""


class OutboxAdmin:
    """Lists outboxes and what they hold; drops, replays and sets aside."""

    def __init__(self, store: OutboxStore, limits: Mapping[Part, Limits], settling: Settling) -> None:
        self._store = store
        self._settling = settling
        self._max_age_ms = limits[Part.WAITING].max_age_ms

    async def list(self, *, after: str, at_most: int, unclaimed: bool) -> OutboxList:
        """List outboxes behind the name `after` in which something waits, is dead, or was lost."""
        names = [name for name in sorted(await self._store.names()) if name > after]
        if unclaimed:
            names = [name for name in names if is_holding(name)]
        looked_through = names[:LOOKED_THROUGH_AT_MOST]
        found: list[OutboxView] = []
        for start in range(0, len(looked_through), LIST_AT_MOST):
            for status in await self._store.outboxes(looked_through[start : start + LIST_AT_MOST]):
                if len(found) == min(at_most, LIST_AT_MOST):
                    return OutboxList(found, found[-1].status.outbox)
                if status.waiting or status.dead_letters or status.losses:
                    found.append(self._view(status))
        return OutboxList(found, looked_through[-1] if len(names) > len(looked_through) else "")

    async def show(self, outbox: str) -> OutboxView:
        """Return one outbox. Raises OutboxNotFound."""
        await self._check(outbox)
        return self._view((await self._store.outboxes([outbox]))[0])

    async def events(
        self, outbox: str, part: Part, choice: Choice, *, at_most: int, with_payload: bool = False
    ) -> Listing:
        """List events, the oldest first. Raises OutboxNotFound."""
        await self._check(outbox)
        at_most = min(at_most, LIST_AT_MOST)
        if with_payload:
            log.warning("payloads_read", outbox=outbox, part=part.value)  # messages of people were looked at
        return await self._store.look(outbox, part, choice, at_most=at_most, with_payload=with_payload)

    async def drop(self, outbox: str, part: Part, choice: Choice, *, dry_run: bool) -> Sifted:
        """Delete the chosen events for good, counted as a loss; one step. Raises OutboxNotFound."""
        sifted = await self._sift(outbox, part, Action.DROP, choice, dry_run=dry_run)
        if sifted.chosen and not dry_run:
            reason = LossReason.of(part, LossReason.DROPPED)
            metrics.EVENTS_LOST.labels(reason.value).inc(sifted.chosen)
        return sifted

    async def replay(self, outbox: str, choice: Choice, *, dry_run: bool) -> Sifted:
        """Put the chosen dead letters back, behind what waits; one step.

        Those of an unclaimed page that was bound meanwhile go to its site: nobody takes them where they waited.
        Raises OutboxNotFound, and UserError while such a page is just being bound or unbound.
        """
        await self._check(outbox)
        if dry_run or not is_holding(outbox):
            return await self._sift(outbox, Part.DEAD, Action.MOVE, choice, dry_run=dry_run)
        return await self._settling.settling(
            page_of(outbox), lambda: self._sift(outbox, Part.DEAD, Action.MOVE, choice, dry_run=False)
        )

    async def set_aside(self, outbox: str, choice: Choice, *, dry_run: bool, reason: str = "") -> Sifted:
        """Make dead letters of the chosen waiting events; one step. Raises OutboxNotFound."""
        why = f"{SET_ASIDE}: {reason}" if reason else SET_ASIDE
        return await self._sift(outbox, Part.WAITING, Action.MOVE, choice, dry_run=dry_run, reason=why)

    async def _sift(
        self, outbox: str, part: Part, action: Action, choice: Choice, *, dry_run: bool, reason: str = ""
    ) -> Sifted:
        await self._check(outbox)
        sifted = await self._store.sift(outbox, part, Action.COUNT if dry_run else action, choice, reason=reason)
        if sifted.chosen and not dry_run:
            log.warning("events_sifted", outbox=outbox, part=part.value, action=action.value, count=sifted.chosen)
        return sifted

    async def _check(self, outbox: str) -> None:
        known = is_page_id(page_of(outbox)) if is_holding(outbox) else is_site_name(outbox)
        if not known or not await self._store.exists(outbox):
            raise OutboxNotFound(outbox)

    def _view(self, status: OutboxStatus) -> OutboxView:
        oldest_at_ms = status.oldest_at_ms
        return OutboxView(status, None if oldest_at_ms is None else oldest_at_ms + self._max_age_ms)
