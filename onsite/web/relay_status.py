"""How the site shows its relay: what was heard of it, and what came from it. For `/api/v1/status`."""

from typing import Any

from onsite.engine.inbox import Inbox
from onsite.engine.relay_link import RelayLink
from onsite.web.relay_events import OFF
from shared.clock import iso_ms


class RelayStatus:
    """Puts together what the receiver and the announcer know."""

    def __init__(self, link: RelayLink, inbox: Inbox, *, site: str | None) -> None:
        self._link = link
        self._inbox = inbox
        self._site = site

    def as_json(self) -> dict[str, Any]:
        """Show it; without a site's name there is no relay, and nothing to be said of it but that."""
        reading = self._link.reading
        return {
            "receiving": self._site is not None,
            "state": reading.state,
            "sentence": reading.sentence if self._site is not None else OFF,
            "waiting": reading.waiting,
            "pages": None if reading.pages is None else list(reading.pages),
            "checked_at": _iso(self._link.checked_at_ms),
            "announced_at": _iso(self._link.announced_at_ms),
            "last_batch_at": _iso(self._inbox.last_batch_at_ms),
        }


def _iso(epoch_ms: int | None) -> str | None:
    return None if epoch_ms is None else iso_ms(epoch_ms)
