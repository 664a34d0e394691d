"""What an operator allows a site's address beyond the rule: https, and public addresses only.

Values only; who resolves and connects is elsewhere (`adapters.push_sessions`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from shared.addresses import IPAddress, Network, reached, why_not_public
from shared.errors import UserError


@dataclass(frozen=True, slots=True)
class Permission:
    """What is allowed for one site; nothing, unless an operator says so."""

    networks: tuple[Network, ...] = ()
    """In a fixed order and each once, so that equal permissions are equal values."""
    insecure: bool = False
    """Whether http will do, for development: anybody on the way can read the messages."""

    @property
    def network_texts(self) -> list[str]:
        """The networks as people write them."""
        return [str(network) for network in self.networks]

    def objection(self, address: IPAddress) -> str | None:
        """Say what kind of address this is when the relay may not connect to it for the site; None when it may."""
        forms = {address, reached(address)}
        if any(form in network for network in self.networks for form in forms):
            return None
        return why_not_public(address)


PUBLIC_HTTPS = Permission()
"""The rule, for sites of which nothing else was said."""


def refusal(site: str, host: str, found: Sequence[tuple[IPAddress, str]]) -> str:
    """Say that all that was `found` for a host (at least one address, and its kind) is not connected to, and why."""
    first, _ = found[0]
    if host == str(first):
        what = f"{host} is {found[0][1]}"
    else:
        what = f"{host} leads to " + ", and ".join(f"{reached(address)}, {kind}" for address, kind in found)
    return (
        f"{what}. The relay connects to public addresses only, unless another is allowed for the site:"
        f" `relay site change {site} --allow-network {reached(first)}`"
    )


def doubt(site: str, host: str, addresses: Iterable[IPAddress], permission: Permission) -> str:
    """Return the refusal that a site would meet at these addresses of its host; nothing if one of them is allowed.

    A warning and no more, as the host may lead elsewhere by the time the site is needed.
    """
    found = [(address, permission.objection(address)) for address in addresses]
    refused = [(address, kind) for address, kind in found if kind is not None]
    return refusal(site, host, refused) if refused and len(refused) == len(found) else ""


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read networks such as 10.0.0.0/8, or single addresses. Raises UserError."""
    return in_order(_network_of(text) for text in texts)


def in_order(networks: Iterable[Network]) -> tuple[Network, ...]:
    """Put networks into the order of a `Permission`, each once."""
    return tuple(sorted(set(networks), key=lambda each: (each.version, each.network_address.packed, each.prefixlen)))


def _network_of(text: str) -> Network:
    try:
        network = ip_network(text.strip())
    except ValueError:
        raise UserError(f"{text!r} is no network: expected something like 10.0.0.0/8{_guess(text)}") from None
    if "%" in text:
        raise UserError(f"{text!r} names a zone, which means something on one machine only: leave out the % part")
    if network.prefixlen == 0:
        raise UserError(f"{text!r} is every address there is, and would turn the check off: name the site's network")
    return network


def _guess(text: str) -> str:
    try:
        return f"; did you mean {ip_network(text.strip(), strict=False)}?"
    except ValueError:
        return ""
