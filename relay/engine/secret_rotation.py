"""Rotating a site's secret: the use cases behind `relay site rotate-secret`.

A page's token that waits in the outbox is sealed for the secrets of its time. So whenever the secrets change, the site
is handed the tokens of all its pages again, behind what waits: before the old secret goes, sealed for the one that
stays. Whoever dies in between leaves a rotation that is under way, and both secrets valid; the step is done again.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from relay.core.audit_state import AuditState
from relay.core.page import ConnectedPage
from relay.core.rotation import SecretUse, begun, begun_again, finished
from relay.core.site import Site
from relay.core.webhook import Incoming
from shared import page_events
from shared.clock import Clock
from shared.errors import VaultError
from shared.logs import get_logger
from shared.page_events import PageConnected
from shared.page_token import PageToken, seal
from shared.site_secret import new_site_secret

log = get_logger(__name__)


class SecretStore(Protocol):
    """Where the secrets of sites are kept; every method raises SiteNotFound, VaultError, StoreUnavailable."""

    async def get(self, name: str) -> Site:
        """Return a site."""

    async def change_secrets(self, name: str, change: Callable[[Site], Site]) -> Site:
        """Store the secrets that `change` makes of a site's, and return the site.

        `change` may be asked again, when somebody else changes the site meanwhile; what it raises is raised.
        """


class SecretUses(Protocol):
    """With which secret sites call; every method raises StoreUnavailable."""

    async def last(self, sites: Sequence[str]) -> Mapping[str, SecretUse]:
        """Return what is known of each, in one round trip; nothing of one that has not called meanwhile."""

    async def forget(self, site: str) -> None:
        """Keep nothing of a site."""


class BoundPages(Protocol):
    """Which pages are bound."""

    async def all(self) -> Mapping[str, str]:
        """Return every binding, page → site. Raises StoreUnavailable."""


class TokenStore(Protocol):
    """The tokens of connected pages."""

    async def find(self, page_id: str) -> ConnectedPage | None:
        """Return what is kept of a page. Raises VaultError, StoreUnavailable."""


class AuditedPages(Protocol):
    """What audits found of pages."""

    async def of(self, page_ids: Sequence[str]) -> Mapping[str, AuditState]:
        """Return what is known of each; nothing of those that were not audited yet. Raises StoreUnavailable."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Of which pages the site was handed the token again, and of which that could not be done."""

    pages: Sequence[str]
    failed: Sequence[str]


@dataclass(frozen=True, slots=True)
class Rotated:
    """A site whose secret rotates from now on."""

    site: Site
    secret: SecretStr
    """Told this once."""
    handed_over: HandedOver


class SecretRotation:
    """Begins and ends rotations."""

    def __init__(
        self,
        sites: SecretStore,
        uses: SecretUses,
        bindings: BoundPages,
        tokens: TokenStore,
        audits: AuditedPages,
        *,
        proof_of: Callable[[SecretStr], SecretStr],
        append: Callable[[str, Sequence[Incoming]], Awaitable[Sequence[int]]],
        clock: Clock,
    ) -> None:
        """`append` returns the indices of events that the outbox refused, and raises StoreUnavailable."""
        self._sites = sites
        self._uses = uses
        self._bindings = bindings
        self._tokens = tokens
        self._audits = audits
        self._proof_of = proof_of
        self._append = append
        self._clock = clock

    async def begin(self, name: str, *, again: bool = False) -> Rotated:
        """Give a site a new secret beside its old one; with `again`, in place of the new one that nobody has.

        Raises SiteNotFound, UserError, StoreUnavailable.
        """
        secret = new_site_secret()
        if again:
            use = await self._use_of(name)
            site = await self._sites.change_secrets(name, lambda site: begun_again(site, secret, use))
        else:
            now_ms = round(self._clock() * 1000)
            site = await self._sites.change_secrets(name, lambda site: begun(site, secret, now_ms=now_ms))
        log.info("site_secret_rotates", site=name, again=again)
        return Rotated(site, secret, await self._hand_over(site))

    async def finish(self, name: str, *, force: bool = False) -> HandedOver:
        """End the overlap: the newest secret stays. Raises SiteNotFound, UserError, StoreUnavailable."""
        use = await self._use_of(name)
        handed_over = await self._hand_over(finished(await self._sites.get(name), use, force=force))
        await self._sites.change_secrets(name, lambda site: finished(site, use, force=force))
        await self._uses.forget(name)
        log.info("site_secret_rotated", site=name, forced=force)
        return handed_over

    async def _use_of(self, name: str) -> SecretUse | None:
        return (await self._uses.last([name])).get(name)

    async def _hand_over(self, site: Site) -> HandedOver:
        """Bring the site the tokens of its pages, sealed for its secrets.

        But for those that Facebook takes no longer: a `page.connected` would tell the site that all is well again.
        """
        told: list[str] = []
        failed: list[str] = []
        pages = sorted(page for page, owner in (await self._bindings.all()).items() if owner == site.name)
        audits = await self._audits.of(pages)
        for page_id in pages:
            try:
                page = await self._tokens.find(page_id)
            except VaultError:
                failed.append(page_id)
                continue
            if page is not None and page.site == site.name and not _is_dead(page, audits.get(page_id)):
                refused = await self._append(site.name, [self._connected(page, site)])
                (failed if refused else told).append(page_id)
        if failed:
            log.warning("tokens_not_handed_over", site=site.name, pages=failed)
        return HandedOver(told, failed)

    def _connected(self, page: ConnectedPage, site: Site) -> Incoming:
        token = PageToken(page.token, self._proof_of(page.token))
        sealed = seal(token, page_id=page.page_id, secrets=site.secrets)
        return Incoming(page.page_id, page_events.KIND_CONNECTED, page_events.encode(PageConnected(page.name, sealed)))


def _is_dead(page: ConnectedPage, state: AuditState | None) -> bool:
    """Whether it is this very token that an audit found dead, and not one that the page had before."""
    if state is None or state.death is None:
        return False
    return (state.site, state.connected_at_ms) == (page.site, page.since_ms)
