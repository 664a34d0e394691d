"""What may be registered as a site."""

import pytest
from hypothesis import given
from pydantic import SecretStr

from relay.core.site import Site, check_page_id, check_site_name, check_site_url
from shared.errors import UserError
from tests.support.strategies import any_text


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        pytest.param("https://chat.example.com", "https://chat.example.com", id="plain"),
        pytest.param("https://chat.example.com/", "https://chat.example.com", id="with a slash"),
        pytest.param("  https://chat.example.com\n", "https://chat.example.com", id="pasted"),
        pytest.param("HTTPS://Chat.Example.COM", "https://chat.example.com", id="capitals"),
        pytest.param("https://chat.example.com:8443/", "https://chat.example.com:8443", id="port"),
        pytest.param("https://chat.example.com:", "https://chat.example.com", id="an empty port"),
        pytest.param("https://192.0.2.7", "https://192.0.2.7", id="IPv4"),
        pytest.param("https://[2001:db8::7]:8443", "https://[2001:db8::7]:8443", id="IPv6"),
        pytest.param("https://m\u00fcller.example", "https://m\u00fcller.example", id="a name beyond ASCII"),
    ],
)
def test_an_address_is_kept_in_its_plain_form(url: str, plain: str) -> None:
    assert check_site_url(url, allow_insecure=False) == plain


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
        pytest.param("https://chat example.com", "no address", id="a space in the host"),
        pytest.param("https://chat\x00.example.com", "no address", id="a control character in the host"),
        pytest.param("https://chat\\example.com", "no address", id="a backslash"),
        pytest.param("https://<chat>.example.com", "no address", id="angle brackets"),
        pytest.param("https://chat%2eexample.com", "no address", id="an escaped host"),
        pytest.param("https://chat..example.com", "no address", id="an empty label"),
        pytest.param("https://chat.example.com:99999", "no valid port", id="a port beyond TCP"),
        pytest.param("https://chat.example.com:0", "no valid port", id="port zero"),
        pytest.param("https://chat.example.com:x", "no valid port", id="a port of letters"),
        pytest.param("https://chat.example.com/relay/events", "scheme, host and port only", id="a path"),
        pytest.param("https://chat.example.com?a=1", "scheme, host and port only", id="a query"),
        pytest.param("https://chat.example.com#top", "scheme, host and port only", id="a fragment"),
        pytest.param("https://user@chat.example.com", "scheme, host and port only", id="a user"),
        pytest.param("https://user:pw@chat.example.com", "scheme, host and port only", id="a user and password"),
        pytest.param("http://chat.example.com", "not https.*--allow-insecure", id="in the clear"),
    ],
)
def test_what_is_no_address_of_a_site_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        check_site_url(url, allow_insecure=False)


def test_http_needs_to_be_asked_for() -> None:
    assert check_site_url("http://127.0.0.1:8090", allow_insecure=True) == "http://127.0.0.1:8090"


@given(url=any_text | any_text.map("https://".__add__))
def test_any_text_is_an_address_or_a_mistake_in_words(url: str) -> None:
    try:
        plain = check_site_url(url, allow_insecure=True)
    except UserError:
        return
    assert check_site_url(plain, allow_insecure=True) == plain


@pytest.mark.parametrize("name", ["a", "acme", "7", "acme-2", "a" * 63])
def test_a_name_may_be_what_a_dns_label_may_be(name: str) -> None:
    assert check_site_name(name) == name


@pytest.mark.parametrize("name", ["", "Acme", "-a", "a-", "a_b", "a.b", "~1122", "a" * 64, "acm\u00e9", "a\n", "{a}"])
def test_other_names_are_refused_with_the_rule(name: str) -> None:
    with pytest.raises(UserError, match="1 to 63 characters of a-z, 0-9 and -"):
        check_site_name(name)


@pytest.mark.parametrize("page", ["1", "112233445566", "9" * 32])
def test_a_page_id_is_digits(page: str) -> None:
    assert check_page_id(page) == page


@pytest.mark.parametrize("page", ["", "acme", "12 34", "-1", "1.0", "9" * 33, "\u0663", "1\n"])
def test_anything_else_is_no_page_id(page: str) -> None:
    with pytest.raises(UserError, match="digits only"):
        check_page_id(page)


def test_a_site_knows_where_its_events_go_and_does_not_show_its_secrets() -> None:
    site = Site("acme", "https://chat.example.com", (SecretStr("whsec_hush"),), 0)

    assert site.events_url == "https://chat.example.com/relay/events"
    assert "hush" not in repr(site)
