"""A site's one secret and what is derived from it."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from shared.errors import InvalidSiteSecret
from shared.site_secret import api_token, key_of, new_site_secret
from tests.support.strategies import any_text

KEY = b"0123456789abcdef0123456789abcdef"
SECRET = SecretStr("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")


def secret_of(size: int) -> SecretStr:
    return SecretStr("whsec_" + base64.b64encode(b"k" * size).decode())


def test_new_secrets_hold_32_bytes_and_do_not_repeat() -> None:
    made = {new_site_secret().get_secret_value() for _ in range(100)}

    assert len(made) == 100
    assert {len(key_of(SecretStr(secret))) for secret in made} == {32}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SECRET.get_secret_value(), id="as printed"),
        pytest.param(SECRET.get_secret_value().rstrip("="), id="without padding"),
        pytest.param(f"  {SECRET.get_secret_value()}\n", id="pasted with space around"),
    ],
)
def test_the_key_is_what_the_base64_says(text: str) -> None:
    assert key_of(SecretStr(text)) == KEY


@pytest.mark.parametrize("size", [24, 64])
def test_a_secret_may_hold_24_to_64_bytes(size: int) -> None:
    assert len(key_of(secret_of(size))) == size


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "starts with whsec_", id="empty"),
        pytest.param("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "starts with whsec_", id="no prefix"),
        pytest.param("whsk_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "starts with whsec_", id="another prefix"),
        pytest.param("whsec_", "24 to 64 bytes, this one 0", id="nothing behind the prefix"),
        pytest.param("whsec_hush hush", "not base64", id="a space inside"),
        pytest.param("whsec_h\u00fcsh", "not base64", id="beyond ASCII"),
        pytest.param("whsec_A", "not base64", id="a length that cannot be"),
        pytest.param("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlh-_==", "not base64", id="the URL alphabet"),
        pytest.param(secret_of(23).get_secret_value(), "24 to 64 bytes, this one 23", id="too short"),
        pytest.param(secret_of(65).get_secret_value(), "24 to 64 bytes, this one 65", id="too long"),
    ],
)
def test_what_is_no_secret_is_refused_without_repeating_it(text: str, words: str) -> None:
    with pytest.raises(InvalidSiteSecret, match=words) as refused:
        key_of(SecretStr(text))

    assert "hush" not in str(refused.value)


@given(text=any_text | any_text.map("whsec_".__add__))
def test_any_text_is_a_secret_or_refused(text: str) -> None:
    try:
        key = key_of(SecretStr(text))
    except InvalidSiteSecret:
        return
    assert 24 <= len(key) <= 64


class TestApiToken:
    def test_it_is_that_of_rfc_5869(self) -> None:
        # Computed with HMAC alone, as RFC 5869 sections 2.2 and 2.3 say, for salt "" and info "site-api".
        assert api_token(SECRET).get_secret_value() == _hkdf(KEY, b"site-api")

    def test_another_secret_has_another_token(self) -> None:
        assert api_token(SECRET) != api_token(secret_of(32))

    @given(key=st.binary(min_size=24, max_size=64))
    def test_it_tells_nothing_of_the_secret_and_fits_into_a_header(self, key: bytes) -> None:
        secret = SecretStr("whsec_" + base64.b64encode(key).decode())
        token = api_token(secret).get_secret_value()

        assert token not in secret.get_secret_value()
        assert len(token) == 43
        assert token.isascii()
        assert " " not in token


def _hkdf(key: bytes, info: bytes) -> str:
    extracted = hmac.digest(b"\0" * 32, key, hashlib.sha256)
    expanded = hmac.digest(extracted, info + b"\x01", hashlib.sha256)
    return base64.urlsafe_b64encode(expanded).decode().rstrip("=")
