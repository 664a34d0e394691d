"""What an operator allows a site's address, and the words for what is not allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.permission import PUBLIC_HTTPS, Permission, doubt, networks_of, refusal
from shared.addresses import IPAddress, address_of, reached, why_not_public
from shared.errors import UserError
from tests.support.strategies import any_text


def allowing(*networks: str) -> Permission:
    return Permission(networks_of(networks))


class TestWhatIsAllowed:
    @pytest.mark.parametrize(
        ("networks", "address", "allowed"),
        [
            pytest.param([], "9.9.9.9", True, id="a public address needs no permission"),
            pytest.param([], "10.1.2.3", False, id="a private one does"),
            pytest.param(["10.0.0.0/8"], "10.1.2.3", True, id="which is the network it is in"),
            pytest.param(["10.0.0.0/8"], "11.1.2.3", True, id="and takes nothing public away"),
            pytest.param(["10.0.0.0/8"], "192.168.1.1", False, id="and gives no other network"),
            pytest.param(["10.1.2.3"], "10.1.2.3", True, id="a single address is a network too"),
            pytest.param(["10.1.2.3"], "10.1.2.4", False, id="of one address"),
            pytest.param(["192.168.0.0/16", "10.0.0.0/8"], "10.1.2.3", True, id="any of several is enough"),
            pytest.param(["10.0.0.0/8"], "::ffff:10.1.2.3", True, id="IPv4 written as IPv6 is the same address"),
            pytest.param(["10.0.0.0/8"], "64:ff9b::10.1.2.3", True, id="and so it is behind a translator"),
            pytest.param(["10.0.0.0/8"], "::ffff:127.0.0.1", False, id="but only if it is in the network"),
            pytest.param(["::1"], "127.0.0.1", False, id="IPv6 loopback is not IPv4 loopback"),
            pytest.param(["fd00::/8"], "fd00::7", True, id="an IPv6 network"),
            pytest.param(["2002::/16"], "2002:808:808::1", True, id="a tunnel, if it is meant"),
            pytest.param(["169.254.0.0/16"], "169.254.169.254", True, id="the operator has the last word"),
        ],
    )
    def test_public_addresses_and_the_networks_of_the_permission(
        self,
        networks: list[str],
        address: str,
        allowed: bool,  # noqa: FBT001  a column of the table
    ) -> None:
        assert (allowing(*networks).objection(address_of(address)) is None) == allowed

    @given(address=st.ip_addresses(), networks=st.lists(st.ip_addresses(), max_size=4))
    def test_nothing_is_allowed_that_is_neither_public_nor_named(
        self, address: IPAddress, networks: list[IPAddress]
    ) -> None:
        objection = allowing(*map(str, networks)).objection(address)
        named = address in networks or reached(address) in networks

        assert objection == (None if named else why_not_public(address))


class TestReadingNetworks:
    def test_equal_permissions_are_equal_in_whatever_order_they_are_given(self) -> None:
        one = networks_of(["10.0.0.0/8", "::1", "127.0.0.0/8", "10.0.0.0/16"])
        other = networks_of(["127.0.0.0/8", "10.0.0.0/16", " 10.0.0.0/8 ", "::1", "::1/128"])

        assert one == other
        assert hash(one) == hash(other)
        assert Permission(one).network_texts == ["10.0.0.0/8", "10.0.0.0/16", "127.0.0.0/8", "::1/128"]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            pytest.param("", "no network", id="nothing"),
            pytest.param("chat.example.com", "no network", id="a name"),
            pytest.param("10", "no network", id="a number"),
            pytest.param("10.0.0.0/33", "no network", id="more bits than there are"),
            pytest.param("10.0.0.1/8", "did you mean 10.0.0.0/8?", id="bits of a host"),
            pytest.param("fe80::%eth0/10", "names a zone", id="a zone"),
            pytest.param("0.0.0.0/0", "every address", id="everything"),
            pytest.param("::/0", "every address", id="everything of IPv6"),
        ],
    )
    def test_what_is_no_network_is_said_in_words(self, text: str, words: str) -> None:
        with pytest.raises(UserError) as refused:
            networks_of(["10.0.0.0/8", text])
        assert words in str(refused.value)

    @given(text=any_text)
    def test_any_text_is_a_network_or_a_mistake_in_words(self, text: str) -> None:
        try:
            networks = networks_of([text])
        except UserError:
            return
        assert networks_of(Permission(networks).network_texts) == networks


class TestWords:
    def test_a_literal_address_is_said_to_be_what_it_is_and_what_to_do(self) -> None:
        assert refusal("acme", "10.1.2.3", [(address_of("10.1.2.3"), "a private address")]) == (
            "10.1.2.3 is a private address. The relay connects to public addresses only, unless another is allowed for"
            " the site: `relay site change acme --allow-network 10.1.2.3`"
        )

    def test_a_name_is_said_to_lead_there(self) -> None:
        found = [(address_of("::ffff:10.1.2.3"), "a private address"), (address_of("::1"), "an odd address")]
        said = refusal("acme", "chat.example.com", found)

        assert said.startswith(
            "chat.example.com leads to 10.1.2.3, a private address, and ::1, an odd address. The relay"
        )
        assert said.endswith("`relay site change acme --allow-network 10.1.2.3`")

    def test_doubt_is_the_refusal_that_a_site_would_meet(self) -> None:
        found = [(address_of("10.1.2.3"), "a private address")]

        assert doubt("acme", "b.example", [address_of("10.1.2.3")], PUBLIC_HTTPS) == refusal("acme", "b.example", found)

    @pytest.mark.parametrize(
        "addresses",
        [
            pytest.param([], id="nobody knows where it leads"),
            pytest.param(["9.9.9.9"], id="it leads to a public address"),
            pytest.param(["10.1.2.3", "9.9.9.9"], id="to a public address as well"),
        ],
    )
    def test_there_is_no_doubt_where_one_address_will_do(self, addresses: list[str]) -> None:
        assert doubt("acme", "b.example", map(address_of, addresses), PUBLIC_HTTPS) == ""
