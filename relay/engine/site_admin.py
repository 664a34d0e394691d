"""Registering sites and telling how they stand: the use cases behind `relay site …` and `relay status`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import SecretStr

from relay.core.address_change import AddressChange
from relay.core.delivery import DeliveryState
from relay.core.outbox import is_holding, page_of
from relay.core.permission import PUBLIC_HTTPS, Permission, doubt
from relay.core.rotation import Rotation, SecretUse, rotation_of
from relay.core.site import Site, check_site_name
from relay.core.site_url import check_site_url, name_to_resolve
from relay.engine.status import DeliveryStates, Loss, OutboxStatus
from shared.addresses import IPAddress
from shared.clock import Clock
from shared.logs import get_logger
from shared.site_secret import new_site_secret

log = get_logger(__name__)

PAUSED = "paused by an operator"


class SiteStore(Protocol):
    """Where sites are kept; every method raises StoreUnavailable."""

    async def add(self, site: Site) -> None:
        """Store a new site. Raises SiteExists."""

    async def change_address(self, name: str, change: Callable[[Site], Site]) -> Site:
        """Store the address and permission that `change` makes of a site, and return it. Raises SiteNotFound.

        `change` may be asked again, when somebody else changes the site meanwhile; what it raises is raised.
        """

    async def get(self, name: str) -> Site:
        """Return a site. Raises SiteNotFound."""

    async def all(self) -> Sequence[Site]:
        """Return all sites by name."""


class BindingList(Protocol):
    """Which pages are bound."""

    async def all(self) -> Mapping[str, str]:
        """Return every binding, page → site."""


class LastUses(Protocol):
    """With which secret sites call, while these rotate."""

    async def last(self, sites: Sequence[str]) -> Mapping[str, SecretUse]:
        """See `engine.secret_rotation.SecretUses.last`."""


LookUp = Callable[[str], Awaitable[Sequence[IPAddress]]]
"""Returns the addresses that a host has now; none when that is not known soon."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A site that was registered just now."""

    site: Site
    secret: SecretStr
    """Told this once."""
    warning: str
    """What the operator should know of its address, or nothing."""


@dataclass(frozen=True, slots=True)
class SiteView:
    """A site, its pages and its delivery; no secret."""

    name: str
    url: str
    allow_networks: Sequence[str]
    allow_insecure: bool
    created_at_ms: int
    pages: Sequence[str]
    delivery: OutboxStatus
    rotation: Rotation | None = None
    """How far its secret is exchanged, where that is under way."""


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """Events that wait for a page which no site claims."""

    page_id: str
    waiting: int
    oldest_at_ms: int | None
    fill: float = 0.0
    """See `engine.status.OutboxStatus`; so for the losses."""
    losses: Sequence[Loss] = ()


class SiteAdmin:
    """Adds and shows sites."""

    def __init__(
        self,
        sites: SiteStore,
        bindings: BindingList,
        status: DeliveryStates,
        uses: LastUses,
        *,
        look_up: LookUp,
        clock: Clock,
    ) -> None:
        self._sites = sites
        self._bindings = bindings
        self._status = status
        self._uses = uses
        self._look_up = look_up
        self._clock = clock

    async def add(self, name: str, url: str, permission: Permission = PUBLIC_HTTPS) -> Registered:
        """Register a site and make its secret, which is told this once. Raises UserError, StoreUnavailable."""
        address = check_site_url(url, permission)
        secret = new_site_secret()
        site = Site(check_site_name(name), address, (secret,), round(self._clock() * 1000), permission)
        await self._sites.add(site)
        log.info("site_added", **_told(site))
        return Registered(site, secret, await self._doubt(site))

    async def change(self, name: str, change: AddressChange) -> tuple[Site, str]:
        """Change a site's address or what is allowed for it; returns the site, and a warning or nothing.

        Raises SiteNotFound, UserError, StoreUnavailable.
        """
        site = await self._sites.change_address(name, change.applied_to)
        log.info("site_changed", **_told(site))
        return site, await self._doubt(site)

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

    async def pause(self, name: str, *, reason: str = "") -> DeliveryState:
        """Leave a site alone until it is resumed; what comes is kept. Returns how it stood. Raises SiteNotFound."""
        await self._sites.get(name)
        before = await self._status.pause(name, reason=f"{PAUSED}: {reason}" if reason else PAUSED)
        log.warning("site_paused", site=name, reason=reason or PAUSED, was=before.value)
        return before

    async def unclaimed(self) -> Sequence[Unclaimed]:
        """Return what waits for pages that no site claims, and what was lost, by page. Raises StoreUnavailable."""
        names = {*await self._status.marked(), *await self._status.lossy()}
        holding = sorted(name for name in names if is_holding(name))
        return [
            Unclaimed(page_of(outbox.outbox), outbox.waiting, outbox.oldest_at_ms, outbox.fill, outbox.losses)
            for outbox in await self._status.outboxes(holding)
            if outbox.waiting or outbox.losses
        ]

    async def _doubt(self, site: Site) -> str:
        """Look where the site's name leads now, as seen from here, where pushes start."""
        host = name_to_resolve(site.url)
        return "" if host is None else doubt(site.name, host, await self._look_up(host), site.permission)

    async def _views(self, sites: Sequence[Site]) -> list[SiteView]:
        pages: dict[str, list[str]] = {}
        for page, owner in (await self._bindings.all()).items():
            pages.setdefault(owner, []).append(page)
        outboxes = await self._status.outboxes([site.name for site in sites])
        uses = await self._uses.last([site.name for site in sites if site.rotating_since_ms is not None])
        return [
            SiteView(
                site.name,
                site.url,
                site.permission.network_texts,
                site.permission.insecure,
                site.created_at_ms,
                pages.get(site.name, []),
                outbox,
                rotation_of(site, uses.get(site.name)),
            )
            for site, outbox in zip(sites, outboxes, strict=True)
        ]


def _told(site: Site) -> dict[str, Any]:
    """Return what a log tells of a site's address."""
    permission = site.permission
    return {
        "site": site.name,
        "url": site.url,
        "allow_networks": permission.network_texts,
        "allow_insecure": permission.insecure,
    }
