"""What Meta signs is read, and what anybody else sends is refused, whatever it is."""

import base64
import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from relay.core.errors import BadSignature, MalformedBody
from relay.core.signed_request import MAX_CHARS, SignedRequest, read_signed_request

SECRET = SecretStr("app-secret-example")
VECTOR = (
    "_LOz7ZFTGQVskb5FcomoCQEdDY_RuPP1FbINmPjSaT0"
    ".eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImlzc3VlZF9hdCI6MTcwMDAwMDAwMCwidXNlcl9pZCI6IjIxODQ3MSJ9"
)


def b64url(data: bytes, *, padded: bool = False) -> str:
    text = base64.urlsafe_b64encode(data).decode()
    return text if padded else text.rstrip("=")


def signed(payload: bytes, *, secret: SecretStr = SECRET, padded: bool = False) -> str:
    encoded = b64url(payload, padded=padded)
    digest = hmac.new(secret.get_secret_value().encode(), encoded.encode(), hashlib.sha256).digest()
    return f"{b64url(digest, padded=padded)}.{encoded}"


def request(**content: object) -> str:
    return signed(json.dumps({"algorithm": "HMAC-SHA256", "user_id": "218471"} | content).encode())


def test_the_known_vector_holds() -> None:
    assert read_signed_request(VECTOR, app_secret=SECRET) == SignedRequest("218471", 1_700_000_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(request(), SignedRequest("218471", None), id="no time"),
        pytest.param(request(user_id=218471), SignedRequest("218471", None), id="the id as a number"),
        pytest.param(request(expires=0, profile_id="1"), SignedRequest("218471", None), id="other keys"),
        pytest.param(
            signed(b'{"algorithm":"hmac-sha256","user_id":"1"}', padded=True), SignedRequest("1", None), id="padding"
        ),
    ],
)
def test_what_meta_may_write_otherwise_is_read_too(text: str, expected: SignedRequest) -> None:
    assert read_signed_request(text, app_secret=SECRET) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(VECTOR.partition(".")[2], id="no signature"),
        pytest.param("." + VECTOR.partition(".")[2], id="an empty signature"),
        pytest.param("A" + VECTOR[1:], id="another signature"),
        pytest.param(VECTOR + "x", id="another payload"),
        pytest.param(signed(b'{"algorithm":"HMAC-SHA256","user_id":"1"}', secret=SecretStr("x")), id="another app"),
        pytest.param(request(algorithm="none"), id="no algorithm at all, signed"),
        pytest.param(request(algorithm="HMAC-SHA1"), id="another algorithm, signed"),
        pytest.param(request(algorithm=None), id="the algorithm is missing, signed"),
        pytest.param(request(filler="x" * MAX_CHARS), id="too long"),
        pytest.param(VECTOR.replace(".", ".é"), id="not ASCII"),
    ],
)
def test_what_meta_did_not_sign_is_refused(text: str) -> None:
    with pytest.raises(BadSignature):
        read_signed_request(text, app_secret=SECRET)


@pytest.mark.parametrize(
    "payload",
    [b"[]", b"not JSON", b'{"algorithm":"HMAC-SHA256"}', b'{"algorithm":"HMAC-SHA256","user_id":""}'],
    ids=["no object", "no JSON", "nobody", "an empty id"],
)
def test_an_authentic_one_that_names_nobody_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedBody):
        read_signed_request(signed(payload), app_secret=SECRET)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(BadSignature):
        read_signed_request(text, app_secret=SECRET)
