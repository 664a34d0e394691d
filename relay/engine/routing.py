"""Which outbox an event belongs to: a cache of bindings that may be stale, and is put right by the outbox itself.

An outbox refuses events of a page that was moved away (`append.lua`, fenced), so nothing needs to tell this process of
a new binding: it learns of it with the first event that is refused.
"""

from collections import OrderedDict
from collections.abc import Sequence

from relay.core.outbox import holding_of
from relay.engine.ports import Directory

CACHED_PAGES = 100_000
"""Pages remembered by a process, some 150 bytes each; the least recently used is forgotten."""


class Routing:
    """Knows the outbox of each page."""

    def __init__(self, directory: Directory, *, cached_pages: int = CACHED_PAGES) -> None:
        self._directory = directory
        self._cached_pages = cached_pages
        self._outboxes: OrderedDict[str, str] = OrderedDict()

    async def outboxes(self, page_ids: Sequence[str]) -> dict[str, str]:
        """Return page → outbox: its site's, or the page's holding outbox. Raises StoreUnavailable."""
        known = {page: self._outboxes[page] for page in page_ids if page in self._outboxes}
        for page in known:
            self._outboxes.move_to_end(page)
        unknown = [page for page in dict.fromkeys(page_ids) if page not in known]
        return known | (await self._look_up(unknown) if unknown else {})

    def cached(self, page_id: str) -> str | None:
        """Return the page's outbox if it is known here."""
        outbox = self._outboxes.get(page_id)
        if outbox is not None:
            self._outboxes.move_to_end(page_id)
        return outbox

    def forget(self, page_ids: Sequence[str]) -> None:
        """Look these up afresh next time."""
        for page in page_ids:
            self._outboxes.pop(page, None)

    async def _look_up(self, page_ids: Sequence[str]) -> dict[str, str]:
        owners = await self._directory.owners(page_ids)
        found = {page: owners.get(page) or holding_of(page) for page in page_ids}
        self._outboxes.update(found)
        while len(self._outboxes) > self._cached_pages:
            self._outboxes.popitem(last=False)
        return found
