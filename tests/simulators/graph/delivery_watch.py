"""How long the webhooks of a page have failed, and what Meta does about it. Pure, but for the state it keeps.

After 15 minutes the developer is warned; after an hour the app is unsubscribed from the page
(https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks). Whether the hour counts
for each page or for the app's address is not documented: `per_app` chooses. Only an attempt that fails can end it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

WARN_AFTER_S = 15 * 60
DISABLE_AFTER_S = 3600
FAILING, DISABLED = "Webhooks are failing", "Webhooks Disabled"


@dataclass(slots=True)
class _Spell:
    since: float
    pages: set[str] = field(default_factory=set)
    warned: bool = False


@dataclass(frozen=True, slots=True)
class Consequence:
    """What the developer reads about a page."""

    page_id: str
    title: str


class DeliveryWatch:
    """Watches the deliveries of one app."""

    def __init__(self) -> None:
        self.per_app = False
        self._spells: dict[str, _Spell] = {}

    def succeeded(self, page_ids: Iterable[str]) -> None:
        """Note an answer of 200: what failed before is forgiven."""
        for name in self._names(page_ids):
            self._spells.pop(name, None)

    def failed(self, page_ids: Iterable[str], now: float) -> list[Consequence]:
        """Note anything else, and return what follows from it."""
        consequences: list[Consequence] = []
        pages = set(page_ids)
        for name in self._names(pages):
            spell = self._spells.setdefault(name, _Spell(now))
            spell.pages |= pages if self.per_app else {name}
            consequences += self._judge(name, spell, now)
        return consequences

    def _judge(self, name: str, spell: _Spell, now: float) -> list[Consequence]:
        lasted_s = now - spell.since
        if lasted_s >= DISABLE_AFTER_S:
            del self._spells[name]
            return [Consequence(page_id, DISABLED) for page_id in sorted(spell.pages)]
        if lasted_s >= WARN_AFTER_S and not spell.warned:
            spell.warned = True
            return [Consequence(page_id, FAILING) for page_id in sorted(spell.pages)]
        return []

    def _names(self, page_ids: Iterable[str]) -> Iterable[str]:
        return [""] if self.per_app else list(page_ids)
