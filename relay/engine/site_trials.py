"""Trying a site because somebody asks: the use case behind `relay site check` and a site's own `check`.

The rule: it cannot be turned on anybody. Only the address that an operator registered is tried, with nothing that the
caller chose; a site is tried once at a time, and few sites at once. How often a site may ask is `web.trials`' affair.

It changes nothing of how the site stands: what waits leaves when the site announces itself, or an operator resumes it.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from relay.core.errors import TrialUnderWay
from relay.core.site import Site
from relay.core.trial import Trial
from shared.logs import get_logger

log = get_logger(__name__)

AT_ONCE = 16
"""Trials under way in this process: each may hold a connection for some seconds."""


class Trying(Protocol):
    """How a trial travels."""

    async def push(self, site: Site) -> Trial:
        """Make one signed, empty push; never raises for anything the site did."""


class SiteTrials:
    """Tries sites. One instance for each event loop."""

    def __init__(self, find_site: Callable[[str], Awaitable[Site]], trying: Trying) -> None:
        self._find_site = find_site
        self._trying = trying
        self._under_way: set[str] = set()

    async def run(self, name: str) -> Trial:
        """Try a site now.

        Raises SiteNotFound, TrialUnderWay, VaultError for a secret that nobody can open, StoreUnavailable.
        """
        if name in self._under_way or len(self._under_way) >= AT_ONCE:
            raise TrialUnderWay
        self._under_way.add(name)
        try:
            trial = await self._trying.push(await self._find_site(name))
        finally:
            self._under_way.discard(name)
        log.info("site_tried", site=name, code=trial.code.value, status=trial.status, took_ms=trial.took_ms)
        return trial
