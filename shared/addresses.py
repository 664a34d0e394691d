"""Which IP addresses are public: a table, so that the answer is the same on every Python.

Not a resolver, and not what one site may reach beyond public addresses: that is `relay.core.permission`. The rule of
the file: whatever is doubtful is not public, because what we need to reach has a plain public address.

Sources: https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry; multicast is
RFC 5771 and RFC 4291.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

IPAddress = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
"""Well-known prefix of translators: the last four bytes are the IPv4 address that is reached (RFC 6052). A resolver in
a network without IPv4 makes such addresses for ordinary sites, so they cannot be refused as such."""

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that IANA gives out of IPv6 (RFC 4291, section 2.4). The rest is special or not given to anybody."""

_SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "an address of the machine itself"),  # Linux takes 0.0.0.0 for it
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "an address inside a provider's network"),
        ("127.0.0.0/8", "an address of the machine itself"),
        ("169.254.0.0/16", "a link-local address"),  # 169.254.169.254 gives a cloud machine's credentials to who asks
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "an address set aside for protocols"),
        ("192.0.2.0/24", "an address for documentation"),
        ("192.88.99.0/24", "a 6to4 relay's address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "an address for tests of networks"),
        ("198.51.100.0/24", "an address for documentation"),
        ("203.0.113.0/24", "an address for documentation"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::/127", "an address of the machine itself"),
        ("64:ff9b:1::/48", "an address of a local translator"),  # where the IPv4 address stands is its own affair
        ("2001::/32", "a Teredo tunnel's address"),
        ("2001::/23", "an address set aside for protocols"),
        ("2001:db8::/32", "an address for documentation"),
        ("2002::/16", "a 6to4 tunnel's address"),  # leads to any IPv4 address by way of whoever offers the tunnel
        ("3fff::/20", "an address for documentation"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a private address"),
        ("ff00::/8", "a multicast address"),
    )
)


def address_of(text: str) -> IPAddress:
    """Read an address as the system writes it; its zone, if it names one, says nothing here. Raises ValueError."""
    return ip_address(text.partition("%")[0])


def why_not_public(address: IPAddress) -> str | None:
    """Say what kind of address this is, such as "a private address"; None when it is public."""
    target = reached(address)
    for network, kind in _SPECIAL:
        if target in network:
            return kind
    if isinstance(target, IPv6Address) and target not in _GLOBAL_UNICAST:
        return "a reserved address"
    return None


def reached(address: IPAddress) -> IPAddress:
    """Return the address that a connection ends at: IPv4 may be written as IPv6 (RFC 4291, section 2.5.5; RFC 6052)."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(address.packed[-4:])
    return address
