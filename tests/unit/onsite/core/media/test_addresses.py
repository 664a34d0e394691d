"""Only plain https addresses of Facebook's media servers are followed, however odd the text is."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.media.addresses import HOSTS, MAX_CHARS, is_followed


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://scontent.xx.fbcdn.net/v/t1.15752-9/1_n.jpg?oh=00_Af&oe=6A", id="a picture"),
        pytest.param("https://cdn.fbsbx.com/v/t59.2708-21/a%20b.pdf?dl=1", id="a file"),
        pytest.param("https://scontent.cdninstagram.com/x.jpg", id="Instagram"),
        pytest.param("https://lookaside.fbsbx.com:443/ig_messaging_cdn/?asset_id=1", id="the port that https has"),
        pytest.param("HTTPS://SCONTENT.XX.FBCDN.NET/x", id="in capitals"),
        pytest.param("https://scontent-fra3-1.xx.fbcdn.net/x", id="with hyphens"),
    ],
)
def test_facebooks_own_addresses_are_followed(url: str) -> None:
    assert is_followed(url)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="nothing"),
        pytest.param("http://scontent.xx.fbcdn.net/x", id="not https"),
        pytest.param("ftp://scontent.xx.fbcdn.net/x", id="another scheme"),
        pytest.param("https://fbcdn.net.evil.example/x", id="the name at the beginning"),
        pytest.param("https://evilfbcdn.net/x", id="the name at the end of a label"),
        pytest.param("https://fbcdn.net/x", id="the domain itself"),
        pytest.param("https://.fbcdn.net/x", id="an empty label"),
        pytest.param("https://a..fbcdn.net/x", id="an empty label inside"),
        pytest.param("https://scontent.xx.fbcdn.net./x", id="a dot at the end"),
        pytest.param("https://evil.example#.fbcdn.net/x", id="in the fragment"),
        pytest.param("https://evil.example?.fbcdn.net/x", id="in the query"),
        pytest.param("https://evil.example/.fbcdn.net/x", id="in the path"),
        pytest.param("https://evil.example\\.fbcdn.net/x", id="behind a backslash"),
        pytest.param("https://me@scontent.xx.fbcdn.net/x", id="a user"),
        pytest.param("https://scontent.xx.fbcdn.net@evil.example/x", id="as a user"),
        pytest.param("https://@scontent.xx.fbcdn.net/x", id="an empty user"),
        pytest.param("https://scontent.xx.fbcdn.net:8443/x", id="another port"),
        pytest.param("https://scontent.xx.fbcdn.net:x/x", id="a port that is none"),
        pytest.param("https://127.0.0.1/x", id="an address inside"),
        pytest.param("https://[::1]/x", id="an address inside, IPv6"),
        pytest.param("https://[::1/x", id="a broken host"),
        pytest.param("https://scontent.xx.fbcdn.net/a b", id="a space"),
        pytest.param("https://scontent.xx.fbcdn.net/\r\nHost: x", id="a line break"),
        pytest.param("https://scontent.xx.fbcdn\u3002net/x", id="an ideographic full stop"),
        pytest.param("https://\uff53content.xx.fbcdn.net/x", id="wide letters"),
        pytest.param("//scontent.xx.fbcdn.net/x", id="no scheme"),
        pytest.param("https://scontent.xx.fbcdn.net/" + "a" * MAX_CHARS, id="too long"),
    ],
)
def test_nothing_else_is_followed(url: str) -> None:
    assert not is_followed(url)


@given(st.text(), st.sampled_from(HOSTS), st.text())
def test_whatever_is_followed_leads_below_one_of_the_hosts(before: str, host: str, after: str) -> None:
    url = f"https://{before}.{host}{after}"

    if is_followed(url):
        assert (urlsplit(url).hostname or "").endswith(tuple(f".{each}" for each in HOSTS))
