"""The form of a signed request: one field is found, whatever stands beside it, and nothing else is taken for it."""

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.errors import MalformedBody
from relay.core.signed_form import MAX_FIELDS, read_signed_form


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"signed_request=abc.def", "abc.def", id="as Meta posts it"),
        pytest.param(b"signed_request=abc%3D.def%3D", "abc=.def=", id="padding, escaped"),
        pytest.param(b"signed_request=abc=.def=", "abc=.def=", id="padding, as it is"),
        pytest.param(b"a=1&signed_request=abc.def&b=", "abc.def", id="other fields"),
        pytest.param(b"signed_request=", "", id="empty: its signature is judged elsewhere"),
    ],
)
def test_the_field_is_read(body: bytes, expected: str) -> None:
    assert read_signed_form(body) == expected


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"", "no signed_request", id="nothing"),
        pytest.param(b"signed-request=abc.def", "no signed_request", id="another field"),
        pytest.param(b'{"signed_request":"abc.def"}', "no signed_request", id="JSON"),
        pytest.param(b"signed_request=a.b&signed_request=c.d", "2 signed_request", id="two of them"),
        pytest.param(b"&".join([b"a=1"] * (MAX_FIELDS + 1)), "no form", id="too many fields"),
        pytest.param("signed_request=\u00e4".encode(), "no form", id="raw UTF-8"),
    ],
)
def test_anything_else_is_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(MalformedBody, match=words):
        read_signed_form(body)


@given(st.text())
def test_whatever_a_form_carries_is_read_back(value: str) -> None:
    body = urlencode({"signed_request": value.encode("utf-8", "replace")}).encode()

    assert read_signed_form(body) == value.encode("utf-8", "replace").decode()


@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(MalformedBody):
        assert isinstance(read_signed_form(body), str)
