"""The confirmation code of a deletion: the same for the same request, and for nobody else to guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from relay.core.deletion import code_of, is_code, status_url
from relay.core.signed_request import SignedRequest

SECRET = SecretStr("app-secret-example")
ASKED = SignedRequest("218471", 1_700_000_000)


def test_a_request_that_comes_again_gets_the_same_code() -> None:
    assert code_of(ASKED, app_secret=SECRET) == code_of(SignedRequest("218471", 1_700_000_000), app_secret=SECRET)


@pytest.mark.parametrize(
    ("request_", "secret"),
    [
        pytest.param(SignedRequest("218472", 1_700_000_000), SECRET, id="another person"),
        pytest.param(SignedRequest("218471", 1_700_000_001), SECRET, id="a second later"),
        pytest.param(SignedRequest("218471", None), SECRET, id="no time"),
        pytest.param(ASKED, SecretStr("of-another-app"), id="another app"),
    ],
)
def test_whatever_differs_makes_another_code(request_: SignedRequest, secret: SecretStr) -> None:
    assert code_of(request_, app_secret=secret) != code_of(ASKED, app_secret=SECRET)


@given(st.from_regex(r"[0-9]{1,30}", fullmatch=True), st.none() | st.integers())
def test_every_code_has_the_form_of_one(user_id: str, issued_at_s: int | None) -> None:
    assert is_code(code_of(SignedRequest(user_id, issued_at_s), app_secret=SECRET))


@pytest.mark.parametrize("text", ["", "a" * 31, "a" * 33, "A" * 32, "a" * 31 + "1", "a" * 32 + "\n", "../" * 10 + "aa"])
def test_nothing_else_has_that_form(text: str) -> None:
    assert not is_code(text)


@pytest.mark.parametrize("public_url", ["https://relay.example.com", "https://relay.example.com/"])
def test_the_status_page_is_the_relays_own(public_url: str) -> None:
    assert status_url(public_url, "abc") == "https://relay.example.com/facebook/data-deletion/abc"
