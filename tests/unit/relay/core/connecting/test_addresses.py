"""Addresses that a person is sent to: the relay's own, and back to the site."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.connecting.dialog import LoginApp
from relay.core.connecting.public_url import check_public_url
from relay.core.connecting.return_to import check_return_to
from shared.errors import UserError

SITE = "https://chat.acme.example"


@pytest.mark.parametrize(
    ("return_to", "whole"),
    [
        pytest.param("", "", id="nowhere"),
        pytest.param("/channels?a=b#c", f"{SITE}/channels?a=b#c", id="a path"),
        pytest.param(SITE, f"{SITE}/", id="the site"),
        pytest.param(f"{SITE}/x", f"{SITE}/x", id="an address of the site"),
    ],
)
def test_a_person_is_led_back_to_the_site(return_to: str, whole: str) -> None:
    assert check_return_to(return_to, site_url=SITE) == whole


@given(st.text(alphabet="/\\:@.?#%\t\r\n aé" + SITE) | st.text())
def test_whatever_is_named_leads_to_the_site_or_nowhere(return_to: str) -> None:
    try:
        whole = check_return_to(return_to, site_url=SITE)
    except UserError:
        return

    assert whole == "" or whole.startswith(f"{SITE}/")
    assert whole.isascii()
    assert whole.isprintable()


@pytest.mark.parametrize("url", ["https://relay.example", "https://relay.example:8443", "http://127.0.0.1:8080"])
def test_the_relays_own_address_is_taken_without_a_slash_at_its_end(url: str) -> None:
    assert check_public_url(url + "/") == check_public_url(url) == url


@pytest.mark.parametrize(
    ("url", "told"),
    [
        pytest.param("http://relay.example", "not https", id="http"),
        pytest.param("relay.example", "no address", id="no scheme"),
        pytest.param("https://relay.example/below", "more than", id="a path"),
        pytest.param("https://a:b@relay.example", "more than", id="a password"),
        pytest.param("https://relay.example?x=1", "more than", id="a query"),
        pytest.param("https://relay.example:0", "no address", id="no port"),
        pytest.param("https://[::1", "no address", id="a broken host"),
    ],
)
def test_an_address_that_a_login_cannot_come_back_to_is_refused(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        check_public_url(url)


@pytest.mark.parametrize(
    ("dialog_url", "sources"),
    [
        pytest.param("https://www.facebook.com", "https://*.facebook.com", id="Facebook, with its hosts for phones"),
        pytest.param("http://127.0.0.1:9000", "http://127.0.0.1:9000", id="a simulator"),
        pytest.param(
            "https://www.facebook.com.evil.example/x", "https://www.facebook.com.evil.example", id="a namesake"
        ),
    ],
)
def test_a_form_may_lead_to_the_dialogs_own_hosts_alone(dialog_url: str, sources: str) -> None:
    assert LoginApp("1", "https://relay.example", dialog_url=dialog_url).dialog_sources == sources
