"""Which addresses are public, against a table and against Python's own idea of it."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.addresses import IPAddress, address_of, reached, why_not_public

OWN = "an address of the machine itself"
PRIVATE = "a private address"
LINK_LOCAL = "a link-local address"
DOCUMENTATION = "an address for documentation"
MULTICAST = "a multicast address"
RESERVED = "a reserved address"
PROVIDER = "an address inside a provider's network"
PROTOCOLS = "an address set aside for protocols"
TESTS = "an address for tests of networks"


@pytest.mark.parametrize(
    ("first", "last", "kind"),
    [
        pytest.param("0.0.0.0", "0.255.255.255", OWN, id="this network"),  # noqa: S104  nothing is bound to it
        pytest.param("10.0.0.0", "10.255.255.255", PRIVATE, id="10/8"),
        pytest.param("100.64.0.0", "100.127.255.255", PROVIDER, id="CGNAT"),
        pytest.param("127.0.0.0", "127.255.255.255", OWN, id="loopback"),
        pytest.param("169.254.0.0", "169.254.255.255", LINK_LOCAL, id="link-local"),
        pytest.param("172.16.0.0", "172.31.255.255", PRIVATE, id="172.16/12"),
        pytest.param("192.0.0.0", "192.0.0.255", PROTOCOLS, id="IETF protocols"),
        pytest.param("192.0.2.0", "192.0.2.255", DOCUMENTATION, id="TEST-NET-1"),
        pytest.param("192.88.99.0", "192.88.99.255", "a 6to4 relay's address", id="6to4 relay"),
        pytest.param("192.168.0.0", "192.168.255.255", PRIVATE, id="192.168/16"),
        pytest.param("198.18.0.0", "198.19.255.255", TESTS, id="benchmarks"),
        pytest.param("198.51.100.0", "198.51.100.255", DOCUMENTATION, id="TEST-NET-2"),
        pytest.param("203.0.113.0", "203.0.113.255", DOCUMENTATION, id="TEST-NET-3"),
        pytest.param("224.0.0.0", "239.255.255.255", MULTICAST, id="multicast"),
        pytest.param("240.0.0.0", "255.255.255.255", RESERVED, id="reserved, and broadcast"),
        pytest.param("::", "::1", OWN, id="unspecified, and IPv6 loopback"),
        pytest.param("::2", "::fffe:ffff:ffff", RESERVED, id="IPv4 in IPv6 of old"),
        pytest.param("::1:0:0:0", "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", RESERVED, id="below the translators"),
        pytest.param("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "a local translator", id="local NAT64"),
        pytest.param("100::", "100::ffff:ffff:ffff:ffff", RESERVED, id="discard"),
        pytest.param("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "a Teredo tunnel's address", id="Teredo"),
        pytest.param("2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", PROTOCOLS, id="IPv6 IETF protocols"),
        pytest.param("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", DOCUMENTATION, id="IPv6 documentation"),
        pytest.param("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "a 6to4 tunnel's address", id="6to4"),
        pytest.param("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", DOCUMENTATION, id="more documentation"),
        pytest.param("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", RESERVED, id="given to nobody"),
        pytest.param("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PRIVATE, id="unique local"),
        pytest.param("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", LINK_LOCAL, id="IPv6 link-local"),
        pytest.param("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PRIVATE, id="site-local"),
        pytest.param("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", MULTICAST, id="IPv6 multicast"),
    ],
)
def test_what_is_not_public_is_named_from_its_first_address_to_its_last(first: str, last: str, kind: str) -> None:
    for text in (first, last):
        assert kind in (why_not_public(address_of(text)) or "public"), text


@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param("1.0.0.0", "9.255.255.255", id="between this network and 10/8"),
        pytest.param("11.0.0.0", "100.63.255.255", id="up to CGNAT"),
        pytest.param("100.128.0.0", "126.255.255.255", id="up to loopback"),
        pytest.param("128.0.0.0", "169.253.255.255", id="up to link-local"),
        pytest.param("172.32.0.0", "191.255.255.255", id="after 172.16/12"),
        pytest.param("192.0.1.0", "192.0.1.255", id="between protocols and documentation"),
        pytest.param("198.20.0.0", "198.51.99.255", id="after benchmarks"),
        pytest.param("203.0.114.0", "223.255.255.255", id="up to multicast"),
        pytest.param("2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", id="IPv6 before documentation"),
        pytest.param("2003::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", id="IPv6 after 6to4"),
        pytest.param("2620:fe::9", "2620:fe::9", id="a resolver everybody may ask"),
    ],
)
def test_everything_between_is_public(first: str, last: str) -> None:
    for text in (first, last):
        assert why_not_public(address_of(text)) is None, text


@pytest.mark.parametrize("prefix", ["::ffff:", "64:ff9b::"], ids=["mapped", "NAT64"])
@pytest.mark.parametrize(
    "text", ["9.9.9.9", "127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "0.0.0.1", "255.255.255.255"]
)
def test_an_ipv4_address_written_as_ipv6_is_judged_as_what_it_is(prefix: str, text: str) -> None:
    assert reached(address_of(prefix + text)) == address_of(text)
    assert why_not_public(address_of(prefix + text)) == why_not_public(address_of(text))


@pytest.mark.parametrize(
    "text", ["2002:7f00:1::", "2002:808:808::1", "2001:0:808:808::f7f7:f7f7", "64:ff9b:1::808:808"]
)
def test_a_tunnel_is_refused_wherever_it_leads(text: str) -> None:
    assert why_not_public(address_of(text)) is not None


def test_a_zone_says_nothing_about_an_address() -> None:
    assert address_of("fe80::1%eth0") == ip_address("fe80::1")
    assert why_not_public(IPv6Address("fe80::1%eth0")) == LINK_LOCAL


@pytest.mark.parametrize(
    "text", ["", "localhost", "2130706433", "127.1", "0x7f.1", "0177.0.0.1", "127.0.0.1.", "[::1]"]
)
def test_what_is_no_address_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        address_of(text)


STRICTER_THAN_PYTHON = [
    # Python 3.11.7 knows less of IANA's registries than 3.13 does, and neither knows all of this file.
    *("0.0.0.0/8", "192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/4"),
    *("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0/96", "2001::/23", "2002::/16", "3fff::/20", "ff00::/8"),
]


@st.composite
def ipv4_in_ipv6(draw: st.DrawFn) -> IPv6Address:
    prefix = draw(st.sampled_from(["::ffff:0:0", "64:ff9b::"]))
    return IPv6Address(int(IPv6Address(prefix)) + int(draw(st.ip_addresses(v=4))))


@given(address=st.ip_addresses() | ipv4_in_ipv6())
@example(address=IPv4Address("127.0.0.1"))
def test_nothing_that_python_finds_special_is_public(address: IPAddress) -> None:
    target = reached(address)
    special = (
        target.is_private
        or target.is_loopback
        or target.is_link_local
        or target.is_multicast
        or target.is_reserved
        or target.is_unspecified
        or not target.is_global
    )
    assert why_not_public(address) is not None or not special


@given(address=st.ip_addresses())
def test_what_python_finds_ordinary_is_public_but_for_what_is_listed(address: IPAddress) -> None:
    ordinary = address.is_global and not (address.is_reserved or address.is_multicast)
    if isinstance(address, IPv6Address):
        ordinary = ordinary and address in ip_network("2000::/3")
    if ordinary and not any(address in ip_network(network) for network in STRICTER_THAN_PYTHON):
        assert why_not_public(address) is None


@given(address=st.ip_addresses(v=4))
def test_writing_an_address_as_ipv6_never_changes_what_it_is(address: IPv4Address) -> None:
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        written = IPv6Address(int(IPv6Address(prefix)) + int(address))

        assert reached(written) == address
        assert why_not_public(written) == why_not_public(address)
