"""No socket exists for an address that meets an objection, however the address is written."""

import socket

import aiohttp
import pytest

from shared.addresses import why_not_public
from shared.judged_sockets import AddressRefused, judged_sockets


def info(host: str, family: socket.AddressFamily = socket.AF_INET) -> aiohttp.AddrInfoType:
    where = (host, 443, 0, 0) if family is socket.AF_INET6 else (host, 443)
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", where


@pytest.mark.parametrize(
    ("host", "family", "kind"),
    [
        pytest.param("127.0.0.1", socket.AF_INET, "an address of the machine itself", id="loopback"),
        pytest.param("::ffff:10.0.0.1", socket.AF_INET6, "a private address", id="IPv4 written as IPv6"),
        pytest.param("fe80::1%lo", socket.AF_INET6, "a link-local address", id="with a zone"),
    ],
)
def test_an_address_inside_gets_no_socket(host: str, family: socket.AddressFamily, kind: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        judged_sockets(why_not_public)(info(host, family))

    assert refused.value.kind == kind


def test_a_public_address_gets_one() -> None:
    with judged_sockets(why_not_public)(info("157.240.1.1")) as made:
        assert (made.family, made.type) == (socket.AF_INET, socket.SOCK_STREAM)


def test_what_is_no_address_is_an_error_that_the_library_understands() -> None:
    with pytest.raises(OSError, match="no address"):
        judged_sockets(why_not_public)(info("not-an-address"))
