"""Names that travel between the halves. The tables of what is refused are at `relay.core.site`, which uses them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.names import is_page_id, is_site_name
from tests.support.strategies import any_text


@given(label=st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=70))
def test_a_site_name_is_a_dns_label(label: str) -> None:
    assert is_site_name(label) is (len(label) <= 63 and not label.startswith("-") and not label.endswith("-"))


@given(text=any_text)
def test_a_page_id_is_one_to_32_ascii_digits(text: str) -> None:
    assert is_page_id(text) is (text.isascii() and text.isdigit() and len(text) <= 32)


@pytest.mark.parametrize("name", ["acme\n", "\nacme", "{acme}", "acme:outbox", "~1"])
def test_nothing_that_could_break_out_of_a_redis_key_is_a_name(name: str) -> None:
    assert not is_site_name(name)
    assert not is_page_id(name)
