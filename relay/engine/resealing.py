"""Sealing anew, under the first master key, what earlier ones sealed: the use case behind `relay rotate-master-key`.

The rule: done twice it does nothing the second time, and whoever dies in the middle has done a part of it.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from shared.logs import get_logger

log = get_logger(__name__)


class Place(StrEnum):
    """Whose secrets."""

    SITE = "site"
    PAGE = "page"


class Outcome(StrEnum):
    """What became of one record."""

    RESEALED = "resealed"
    ALREADY = "already"
    """The first key opens it."""
    UNREADABLE = "unreadable"
    """No key does; it stays as it is."""
    GONE = "gone"
    """It was removed meanwhile."""


class SealedStore(Protocol):
    """Where sealed records are; every method raises StoreUnavailable."""

    def names(self, place: Place) -> AsyncIterator[str]:
        """Name every record; one may come twice."""

    async def reseal(self, place: Place, name: str) -> Outcome:
        """Seal one record anew, unless the first key opens it."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """What all of it came to."""

    resealed: int
    already: int
    unreadable: Sequence[str]
    """Such as `site acme`."""


class Resealing:
    """Seals anew."""

    def __init__(self, store: SealedStore) -> None:
        self._store = store

    async def run(self) -> Resealed:
        """Go through everything that is sealed for good. Raises StoreUnavailable: done again, it goes on."""
        outcomes: dict[str, Outcome] = {}
        for place in Place:
            async for name in self._store.names(place):
                whose = f"{place} {name}"
                if whose not in outcomes:
                    outcomes[whose] = await self._store.reseal(place, name)
        found = list(outcomes.values())
        unreadable = sorted(whose for whose, outcome in outcomes.items() if outcome is Outcome.UNREADABLE)
        done = Resealed(found.count(Outcome.RESEALED), found.count(Outcome.ALREADY), unreadable)
        log.info("master_key_rotated", resealed=done.resealed, already=done.already, unreadable=unreadable)
        return done
