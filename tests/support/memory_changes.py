"""The records of changes under way, in memory: a fake of the ports that keeps their whole contract."""

from collections.abc import Sequence
from dataclasses import dataclass

from relay.core.change import STALE_AFTER_S, Change, ChangeKind
from relay.engine.rebinding import Begun, Standing
from shared.clock import Clock


@dataclass
class Record:
    """One change, and when somebody worked on it last."""

    change: Change
    renewed_at: float


class MemoryChanges:
    """Fits `engine.rebinding.ChangeLog` and `engine.intake.Unsettled`. Its clock stands for that of Redis."""

    def __init__(self, clock: Clock) -> None:
        self.records: dict[str, Record] = {}
        self.renewals = 0
        self._clock = clock
        self._number = 0

    async def begin(self, page_id: str, kind: ChangeKind, site: str, source: str = "", *, token: str) -> Begun:
        """See the port."""
        taken = await self.take_over(page_id, token=token)
        if taken is not None:
            return Begun(Standing.TAKEN, taken)
        if page_id in self.records:
            return Begun(Standing.OTHER, self.records[page_id].change)
        return Begun(Standing.NEW, self._record(page_id, kind, site, source, token))

    async def take_over(self, page_id: str, *, token: str) -> Change | None:
        """See the port."""
        found = self.records.get(page_id)
        if found is None or self._clock() - found.renewed_at <= STALE_AFTER_S:
            return None
        change = found.change
        return self._record(page_id, change.kind, change.site, change.source, token)

    async def renew(self, page_id: str, change: Change) -> None:
        """See the port."""
        if self._is_own(page_id, change):
            self.records[page_id].renewed_at = self._clock()
            self.renewals += 1

    async def end(self, page_id: str, change: Change) -> None:
        """See the port."""
        if self._is_own(page_id, change):
            del self.records[page_id]

    async def pages(self) -> Sequence[str]:
        """See the port."""
        return list(self.records)

    async def report(self, page_id: str) -> None:
        """See the port."""
        self.records.setdefault(page_id, Record(Change(ChangeKind.SETTLE, "", "-", 0), 0.0))

    def abandon(self, page_id: str, kind: ChangeKind, site: str = "", source: str = "") -> None:
        """Leave the record of a change whose process is dead."""
        self.records[page_id] = Record(Change(kind, site, "dead", 0, source), 0.0)

    def _record(self, page_id: str, kind: ChangeKind, site: str, source: str, token: str) -> Change:
        self._number += 1
        change = Change(kind, site, token, self._number, source)
        self.records[page_id] = Record(change, self._clock())
        return change

    def _is_own(self, page_id: str, change: Change) -> bool:
        return page_id in self.records and self.records[page_id].change.token == change.token
