"""How large a history is, and what takes part in it."""

from dataclasses import dataclass

from tests.faults.plan import PagePlan, SitePlan


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens in a history."""

    name: str
    seconds: float
    relays: int
    workers: int
    light_sites: int
    real_sites: int
    conversations_per_page: int
    bodies_per_s: float
    faults: int
    """Drawn at random; 0 for a single one, which the seed chooses."""
    longest_fault_s: float
    rebound_pages: int = 2
    """Pages that change their site."""
    unclaimed_pages: int = 1
    """Pages that no site has at first."""


FULL = Size("full", 14.0, 2, 2, 8, 2, 4, 45.0, 16, 9.0)
SHORT = Size("short", 6.0, 2, 1, 4, 1, 3, 40.0, 10, 3.0)
ALONE = Size("alone", 11.0, 2, 2, 4, 1, 3, 30.0, 0, 9.0, rebound_pages=0, unclaimed_pages=0)
"""One fault and nothing else: how long it takes to recover from it."""
SIZES = {size.name: size for size in (FULL, SHORT, ALONE)}


@dataclass(frozen=True, slots=True)
class Cast:
    """Sites and pages of a history."""

    sites: tuple[SitePlan, ...]
    pages: tuple[PagePlan, ...]
    movable: frozenset[str]
    """The pages that get another site, or their first one."""

    @property
    def light(self) -> frozenset[str]:
        """Name the light sites."""
        return frozenset(site.name for site in self.sites if not site.real)

    @property
    def refusable(self) -> list[str]:
        """Return the pages of which a light site may refuse something: those that stay with it."""
        return [page.id for page in self.pages if page.site in self.light and page.id not in self.movable]
