"""Registering sites and telling how they stand: the use cases behind `relay site …` and `relay status`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from relay.core.delivery import DeliveryState
from relay.core.outbox import is_holding, page_of
from relay.core.site import Site, check_site_name, check_site_url
from relay.engine.status import DeliveryStates, OutboxStatus
from shared.clock import Clock
from shared.logs import get_logger
from shared.site_secret import new_site_secret

log = get_logger(__name__)


class SiteStore(Protocol):
    """Where sites are kept; every method raises StoreUnavailable."""

    async def add(self, site: Site) -> None:
        """Store a new site. Raises SiteExists."""

    async def get(self, name: str) -> Site:
        """Return a site. Raises SiteNotFound."""

    async def all(self) -> Sequence[Site]:
        """Return all sites by name."""


class BindingList(Protocol):
    """Which pages are bound."""

    async def all(self) -> Mapping[str, str]:
        """Return every binding, page → site."""


@dataclass(frozen=True, slots=True)
class SiteView:
    """A site, its pages and its delivery; no secret."""

    name: str
    url: str
    created_at_ms: int
    pages: Sequence[str]
    delivery: OutboxStatus


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """Events that wait for a page which no site claims."""

    page_id: str
    waiting: int
    oldest_at_ms: int | None


class SiteAdmin:
    """Adds and shows sites."""

    def __init__(self, sites: SiteStore, bindings: BindingList, status: DeliveryStates, *, clock: Clock) -> None:
        self._sites = sites
        self._bindings = bindings
        self._status = status
        self._clock = clock

    async def add(self, name: str, url: str, *, allow_insecure: bool) -> tuple[Site, SecretStr]:
        """Register a site and make its secret, which is told this once. Raises UserError, StoreUnavailable."""
        address = check_site_url(url, allow_insecure=allow_insecure)
        secret = new_site_secret()
        site = Site(check_site_name(name), address, (secret,), round(self._clock() * 1000))
        await self._sites.add(site)
        log.info("site_added", site=name, url=address)
        return site, secret

    async def show(self, name: str) -> SiteView:
        """Return one site. Raises SiteNotFound, StoreUnavailable."""
        return (await self._views([await self._sites.get(name)]))[0]

    async def all(self) -> Sequence[SiteView]:
        """Return all sites by name. Raises StoreUnavailable."""
        return await self._views(await self._sites.all())

    async def resume(self, name: str) -> DeliveryState:
        """Have a paused or parked site tried at the next sweep; returns how it stood. Raises SiteNotFound."""
        await self._sites.get(name)
        before = await self._status.resume(name)
        log.info("site_resumed", site=name, was=before.value)
        return before

    async def unclaimed(self) -> Sequence[Unclaimed]:
        """Return what waits for pages that no site claims, by page. Raises StoreUnavailable."""
        holding = sorted(name for name in await self._status.marked() if is_holding(name))
        return [
            Unclaimed(page_of(outbox.outbox), outbox.waiting, outbox.oldest_at_ms)
            for outbox in await self._status.outboxes(holding)
            if outbox.waiting
        ]

    async def _views(self, sites: Sequence[Site]) -> list[SiteView]:
        pages: dict[str, list[str]] = {}
        for page, owner in (await self._bindings.all()).items():
            pages.setdefault(owner, []).append(page)
        outboxes = await self._status.outboxes([site.name for site in sites])
        return [
            SiteView(site.name, site.url, site.created_at_ms, pages.get(site.name, []), outbox)
            for site, outbox in zip(sites, outboxes, strict=True)
        ]
