"""How connected pages are, for operators: what their last audits found, in words. Not the audits themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from relay.core.audit_state import AuditState
from relay.engine.site_admin import BindingList


@dataclass(frozen=True, slots=True)
class BoundPage:
    """One bound page. Times are milliseconds since 1970, None where there was none."""

    page_id: str
    site: str
    subscribed: bool | None = None
    """None: nobody knows, as it was bound without a token, was not audited yet, or Facebook does not say."""
    audited_at_ms: int | None = None
    trouble: str = ""
    """What is wrong and what mends it; empty where nothing is."""
    token_dead_since_ms: int | None = None


class Audits(Protocol):
    """What audits found."""

    async def of(self, page_ids: Sequence[str]) -> Mapping[str, AuditState]:
        """Return what is known of each page that was audited. Raises StoreUnavailable."""


class PageHealth:
    """Tells of all bound pages."""

    def __init__(self, bindings: BindingList, audits: Audits) -> None:
        self._bindings = bindings
        self._audits = audits

    async def all(self) -> Sequence[BoundPage]:
        """Return every bound page, by page. Raises StoreUnavailable."""
        bindings = await self._bindings.all()
        states = await self._audits.of(list(bindings))
        return [bound_page(page, site, states.get(page)) for page, site in bindings.items()]


def bound_page(page_id: str, site: str, state: AuditState | None) -> BoundPage:
    """Say how a page is; what was found while it was another site's says nothing of it now."""
    if state is None or state.site != site:
        return BoundPage(page_id, site)
    dead = state.death
    troubles = [state.locked, dead.reason if dead else "", state.trouble, state.unasked]
    return BoundPage(
        page_id,
        site,
        state.subscribed,
        state.asked_at_ms or None,
        " ".join(trouble for trouble in troubles if trouble),
        dead.since_ms if dead else None,
    )
