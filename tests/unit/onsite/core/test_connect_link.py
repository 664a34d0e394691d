"""What the relay's answer to the wish for a link means; total, whatever it answers."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.connect_link import ConnectLink, read_connect_link
from onsite.core.errors import NoConnectLink

URL = "https://relay.example/facebook/connect/abc"


def test_a_link_is_read_with_its_end() -> None:
    body = json.dumps({"url": URL, "expires_at": "2026-11-22T10:35:00.123Z", "later": 1}).encode()

    assert read_connect_link(200, body) == ConnectLink(URL, "2026-11-22T10:35:00.123Z")


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        pytest.param(409, b'{"error": {"message": "set RELAY_PUBLIC_URL"}}', "set RELAY_PUBLIC_URL", id="refused"),
        pytest.param(409, b"<html>", "it does not say why", id="refused without words"),
        pytest.param(401, b"{}", "does not accept this site's secret", id="another secret"),
        pytest.param(404, b"{}", "does not know this call", id="an older relay"),
        pytest.param(429, b"{}", "try again in some seconds", id="too often"),
        pytest.param(503, b"{}", "try again in some seconds", id="in trouble"),
        pytest.param(302, b"", "redirect", id="a redirect"),
        pytest.param(200, b'{"url": "javascript:alert(1)"}', "check the address", id="no address"),
        pytest.param(200, b'{"url": "https://a\\nb"}', "check the address", id="an address of two lines"),
        pytest.param(200, b"<html>", "check the address", id="no JSON"),
    ],
)
def test_whatever_is_no_link_is_said_in_words(status: int, body: bytes, told: str) -> None:
    with pytest.raises(NoConnectLink, match=told):
        read_connect_link(status, body)


@given(
    status=st.integers(100, 599),
    body=st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["url", "expires_at", "error", "message"]), inner)
        ),
    ).map(lambda value: json.dumps(value).encode()),
)
def test_any_answer_gives_a_link_or_words(status: int, body: bytes) -> None:
    with suppress(NoConnectLink):
        assert read_connect_link(status, body).url.startswith(("http://", "https://"))
