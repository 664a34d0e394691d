"""What may be registered as a site's address."""

import socket

import pytest
from hypothesis import given

from relay.core.permission import PUBLIC_HTTPS, Permission, networks_of
from relay.core.site_url import check_site_url, name_to_resolve
from shared.errors import UserError
from tests.support.strategies import any_text

ANYTHING = Permission(networks_of(["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"]), insecure=True)


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        pytest.param("https://chat.example.com", "https://chat.example.com", id="plain"),
        pytest.param("https://chat.example.com/", "https://chat.example.com", id="with a slash"),
        pytest.param("  https://chat.example.com\n", "https://chat.example.com", id="pasted"),
        pytest.param("HTTPS://Chat.Example.COM", "https://chat.example.com", id="capitals"),
        pytest.param("https://chat.example.com:8443/", "https://chat.example.com:8443", id="port"),
        pytest.param("https://chat.example.com:", "https://chat.example.com", id="an empty port"),
        pytest.param("https://chat.example.com.", "https://chat.example.com.", id="a dot at the end"),
        pytest.param("https://9.9.9.9", "https://9.9.9.9", id="IPv4"),
        pytest.param("https://[2620:FE::0:9]:8443", "https://[2620:fe::9]:8443", id="IPv6"),
        pytest.param("https://m\u00fcller.example", "https://xn--mller-kva.example", id="a name beyond ASCII"),
        pytest.param("https://1and1.example", "https://1and1.example", id="a number within a name"),
        pytest.param("https://7.example", "https://7.example", id="a number as a label"),
    ],
)
def test_an_address_is_kept_in_its_plain_form(url: str, plain: str) -> None:
    assert check_site_url(url, PUBLIC_HTTPS) == plain


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("", "no address", id="nothing"),
        pytest.param("chat.example.com", "no address", id="no scheme"),
        pytest.param("//chat.example.com", "no address", id="no scheme, but slashes"),
        pytest.param("ftp://chat.example.com", "no address", id="another scheme"),
        pytest.param("https://", "no address", id="no host"),
        pytest.param("https://:8443", "no address", id="a port only"),
        pytest.param("https://[::1", "no address", id="a broken IPv6 address"),
        pytest.param("https://[example]", "no address", id="a name in brackets"),
        pytest.param("https://[v1.x]", "no address", id="an address of the future"),
        pytest.param("https://[9.9.9.9]", "no address", id="an IPv4 address in brackets"),
        pytest.param("https://chat example.com", "no address", id="a space in the host"),
        pytest.param("https://chat\x00.example.com", "no address", id="a control character in the host"),
        pytest.param("https://chat\\example.com", "no address", id="a backslash"),
        pytest.param("https://<chat>.example.com", "no address", id="angle brackets"),
        pytest.param("https://chat%2eexample.com", "no address", id="an escaped host"),
        pytest.param("https://chat..example.com", "no address", id="an empty label"),
        pytest.param("https://127\u30020\u30020\u30021", "no address", id="ideographic full stops"),
        pytest.param("https://chat.example.com:99999", "no valid port", id="a port beyond TCP"),
        pytest.param("https://chat.example.com:0", "no valid port", id="port zero"),
        pytest.param("https://chat.example.com:x", "no valid port", id="a port of letters"),
        pytest.param("https://chat.example.com/relay/events", "scheme, host and port only", id="a path"),
        pytest.param("https://chat.example.com?a=1", "scheme, host and port only", id="a query"),
        pytest.param("https://chat.example.com#top", "scheme, host and port only", id="a fragment"),
        pytest.param("https://user@chat.example.com", "scheme, host and port only", id="a user"),
        pytest.param("https://user:pw@chat.example.com", "scheme, host and port only", id="a user and password"),
        pytest.param("https://9.9.9.9@127.0.0.1", "scheme, host and port only", id="a user who looks like the host"),
        pytest.param("https://2130706433", "number for a host", id="one number"),
        pytest.param("https://127.1", "number for a host", id="two numbers"),
        pytest.param("https://0x7f.1", "number for a host", id="a hexadecimal number and another"),
        pytest.param("https://127.0.0.0x1", "number for a host", id="a hexadecimal number at the end"),
        pytest.param("https://0177.0.0.1", "number for a host", id="an octal number"),
        pytest.param("https://9.9.9.9.", "number for a host", id="an IPv4 address and a dot"),
        pytest.param("https://256.0.0.1", "number for a host", id="a byte too large"),
        pytest.param("https://[fe80::1%25eth0]", "names a zone", id="a zone"),
        pytest.param("https://[fe80::1%eth0]", "names a zone", id="a zone that is not escaped"),
    ],
)
def test_what_is_no_address_of_a_site_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        check_site_url(url, ANYTHING)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("http://chat.example.com", "not https.*--allow-insecure", id="in the clear"),
        pytest.param("https://127.0.0.1", "machine itself.*--allow-network 127.0.0.1", id="loopback"),
        pytest.param("https://10.1.2.3:8443", "a private address.*--allow-network 10.1.2.3", id="private"),
        pytest.param("https://169.254.169.254", "link-local", id="where clouds keep credentials"),
        pytest.param("https://[::1]", "machine itself.*--allow-network ::1", id="IPv6 loopback"),
        pytest.param("https://[::ffff:10.1.2.3]", "private.*--allow-network 10.1.2.3", id="IPv4 written as IPv6"),
        pytest.param("https://[fd00::7]", "a private address", id="IPv6 private"),
        pytest.param("https://\uff11\uff12\uff17.0.0.1", "127.0.0.1 is an address", id="wide digits"),
        pytest.param("http://10.1.2.3", "not https.*; 10.1.2.3 is a private address", id="both at once"),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_to_do(url: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        check_site_url(url, PUBLIC_HTTPS)
    assert check_site_url(url, ANYTHING)


def test_the_system_would_take_a_number_for_the_address_that_it_is_refused_for() -> None:
    for host in ("2130706433", "127.1", "0x7f.1", "0177.0.0.1"):
        assert socket.getaddrinfo(host, 80)[0][4][0] == "127.0.0.1"


@given(url=any_text | any_text.map("https://".__add__))
def test_any_text_is_an_address_or_a_mistake_in_words(url: str) -> None:
    try:
        plain = check_site_url(url, ANYTHING)
    except UserError:
        return
    assert check_site_url(plain, ANYTHING) == plain
    assert plain.isascii()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://chat.example.com:8443", "chat.example.com"),
        ("http://localhost", "localhost"),
        ("https://9.9.9.9:8443", None),
        ("https://[2620:fe::9]:8443", None),
    ],
)
def test_a_name_has_to_be_resolved_and_a_literal_address_has_not(url: str, name: str | None) -> None:
    assert name_to_resolve(url) == name
