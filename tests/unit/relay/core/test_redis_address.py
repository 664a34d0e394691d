"""Addresses of Redis: what each form means, and in which words the others are refused."""

import contextlib
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.redis_address import (
    OPTIONS,
    BadRedisAddress,
    BehindSentinel,
    InCluster,
    Login,
    OneServer,
    parse_redis_address,
)

NOBODY = Login()
TLS = Login(tls=True)
ALICE = Login("alice", "pa ss")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("redis://h", OneServer("h", 6379, "", 0, NOBODY), id="a host"),
        pytest.param("redis://h:6380/3", OneServer("h", 6380, "", 3, NOBODY), id="its port and a database"),
        pytest.param("redis://h/?db=2", OneServer("h", 6379, "", 2, NOBODY), id="a database as an option"),
        pytest.param("redis://[::1]:6380", OneServer("::1", 6380, "", 0, NOBODY), id="IPv6 with a port"),
        pytest.param("redis://[::1]", OneServer("::1", 6379, "", 0, NOBODY), id="IPv6 without"),
        pytest.param("redis://alice:pa%20ss@h", OneServer("h", 6379, "", 0, ALICE), id="a user with a password"),
        pytest.param("redis://:s%40t@h", OneServer("h", 6379, "", 0, Login("", "s@t")), id="a password alone"),
        pytest.param("rediss://h", OneServer("h", 6379, "", 0, TLS), id="TLS"),
        pytest.param("unix:///run/r.sock", OneServer("", 0, "/run/r.sock", 0, NOBODY), id="a socket"),
        pytest.param("unix:///a%20b?db=1", OneServer("", 0, "/a b", 1, NOBODY), id="a socket and a database"),
        pytest.param("unix://alice:pa%20ss@/s", OneServer("", 0, "/s", 0, ALICE), id="a socket that asks who we are"),
        pytest.param(
            "redis+sentinel://a,b:1,[::1]:2/main",
            BehindSentinel([("a", 26379), ("b", 1), ("::1", 2)], "main", 0, NOBODY, NOBODY),
            id="Sentinels",
        ),
        pytest.param(
            "redis+sentinel://alice:pa%20ss@a/main/4?sentinel_username=bob&sentinel_password=p%26q",
            BehindSentinel([("a", 26379)], "main", 4, ALICE, Login("bob", "p&q")),
            id="Sentinels that ask who we are",
        ),
        pytest.param(
            "rediss+sentinel://a/main", BehindSentinel([("a", 26379)], "main", 0, TLS, TLS), id="Sentinels over TLS"
        ),
        pytest.param("redis+cluster://a,b:1", InCluster([("a", 6379), ("b", 1)], NOBODY), id="a cluster"),
        pytest.param("redis+cluster://alice:pa%20ss@a/0", InCluster([("a", 6379)], ALICE), id="its only database"),
        pytest.param("rediss+cluster://a", InCluster([("a", 6379)], TLS), id="a cluster over TLS"),
    ],
)
def test_an_address_says_where_and_as_whom(text: str, expected: object) -> None:
    assert parse_redis_address(text) == expected


@pytest.mark.parametrize("scheme", [scheme for scheme in OPTIONS if scheme.startswith("rediss")])
def test_tls_is_spoken_as_the_options_say(scheme: str) -> None:
    options = "ssl_ca_certs=/etc/ca.pem&ssl_cert_reqs=required&ssl_check_hostname=false"
    address: Any = parse_redis_address(f"{scheme}://h/{'main' if 'sentinel' in scheme else ''}?{options}")

    assert address.login.tls_options == {
        "ssl_ca_certs": "/etc/ca.pem",
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": False,
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("hush:6379", "expected the address of a Redis", id="no scheme"),
        pytest.param("http://hush", "like redis://localhost:6379", id="another scheme"),
        pytest.param("redis://", "names no host", id="nothing"),
        pytest.param("redis://:hush@", "names no host", id="a password for nobody"),
        pytest.param("redis://h:hush", "port that is no number", id="a port of letters"),
        pytest.param("redis://h:65536", "port that is no number from 1 to 65535", id="a port beyond TCP"),
        pytest.param("redis://h:0", "port that is no number from 1", id="port zero"),
        pytest.param("redis://:hu/sh@h", "percent-encoded", id="a slash in the password"),
        pytest.param("redis://:hu#sh@h", "has a # in it", id="a hash in the password"),
        pytest.param("redis://:hu?sh@h", "percent-encoded", id="a question mark in the password"),
        pytest.param("redis://:hu?sh=@h", "unknown option; known for redis:// are: db", id="one with an equals sign"),
        pytest.param("redis://:hu[sh@h", "percent-encoded", id="a bracket in the password"),
        pytest.param("redis://h/hush", "database that is no number", id="a database of letters"),
        pytest.param("redis://h/" + 5000 * "1", "database that is no number", id="a number of no use"),
        pytest.param("redis://a,b", "redis+sentinel:// or redis+cluster://", id="several hosts of one server"),
        pytest.param("redis://h?ssl_ca_certs=hush", "unknown option; known for redis://", id="TLS without TLS"),
        pytest.param("unix://", "names no socket", id="no socket"),
        pytest.param("redis+sentinel://a,b", "names no service", id="no service"),
        pytest.param("redis+sentinel://a,,b/main", "names no host, or an empty one", id="an empty host"),
        pytest.param("redis+sentinel://a/main/hush", "database that is no number", id="a service's bad database"),
        pytest.param("redis+cluster://a/1", "a cluster has none but 0", id="a cluster's database"),
        pytest.param("redis+cluster://a?db=1", "known for redis+cluster:// are: none", id="the same as an option"),
    ],
)
def test_a_bad_address_is_explained_and_never_quoted(text: str, words: str) -> None:
    with pytest.raises(BadRedisAddress) as refused:
        parse_redis_address(text)

    assert words in str(refused.value)
    assert not {"hush", "hu", "sh@h"} & set(str(refused.value).split())


@given(st.text(), st.sampled_from(["", *(f"{scheme}://" for scheme in OPTIONS)]))
def test_any_text_is_an_address_or_refused(text: str, scheme: str) -> None:
    with contextlib.suppress(BadRedisAddress):
        assert isinstance(parse_redis_address(scheme + text), OneServer | BehindSentinel | InCluster)


@given(st.text(min_size=1), st.text())
def test_any_user_and_password_may_be_percent_encoded(username: str, password: str) -> None:
    try:
        login = f"{quote(username, safe='')}:{quote(password, safe='')}"
    except UnicodeEncodeError:
        return  # lone surrogates are no text that anybody could type
    address = parse_redis_address(f"redis+cluster://{login}@h")

    assert isinstance(address, InCluster)
    assert (address.login.username, address.login.password) == (username, password)


def test_no_password_is_shown() -> None:
    shown = repr(parse_redis_address("redis+sentinel://:hush@a/main?sentinel_password=hush"))

    assert "hush" not in shown
