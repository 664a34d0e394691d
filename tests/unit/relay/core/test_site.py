"""What a site is called, and what it tells of itself."""

import pytest
from pydantic import SecretStr

from relay.core.site import Site, check_page_id, check_site_name
from shared.errors import UserError


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
