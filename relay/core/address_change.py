"""What an operator wants otherwise about a site's address. A value, and what it makes of a site."""

from dataclasses import dataclass, replace

from relay.core.permission import Permission, in_order
from relay.core.site import Site
from relay.core.site_url import check_site_url
from shared.addresses import Network
from shared.errors import UserError


@dataclass(frozen=True, slots=True)
class AddressChange:
    """A change; what is not said in it stays as it is."""

    url: str | None = None
    allow_networks: tuple[Network, ...] = ()
    forbid_networks: tuple[Network, ...] = ()
    allow_insecure: bool | None = None

    def applied_to(self, site: Site) -> Site:
        """Return the site as it shall be. Raises UserError when its address would not do, or nothing is asked for."""
        if self == AddressChange():
            raise UserError("nothing to change: name another address (--to), or what is allowed (--allow-network, …)")
        permission = self._permission(site)
        return replace(site, url=check_site_url(self.url or site.url, permission), permission=permission)

    def _permission(self, site: Site) -> Permission:
        allowed = set(site.permission.networks)
        for network in self.forbid_networks:
            if network not in allowed:
                raise UserError(f"{network} is not among what is allowed; `relay site show {site.name}` lists it")
        insecure = site.permission.insecure if self.allow_insecure is None else self.allow_insecure
        return Permission(in_order((allowed - set(self.forbid_networks)) | set(self.allow_networks)), insecure)
