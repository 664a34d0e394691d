"""What the relay's answer to a page that is given back means; total, whatever it answers."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.errors import NotGivenBack
from onsite.core.given_back import GivenBack, read_given_back


@pytest.mark.parametrize(
    ("status", "body", "read"),
    [
        pytest.param(200, {"page_id": "1122", "still_subscribed": ""}, GivenBack(True), id="ended"),
        pytest.param(200, {"page_id": "1122"}, GivenBack(True), id="of a later release"),
        pytest.param(
            200,
            {"page_id": "1122", "still_subscribed": "Facebook refuses"},
            GivenBack(True, "Facebook refuses"),
            id="still subscribed",
        ),
        pytest.param(404, {"error": {"code": "no_such_page"}}, GivenBack(False), id="no page of ours"),
    ],
)
def test_what_came_of_it_is_read(status: int, body: object, read: GivenBack) -> None:
    assert read_given_back(status, json.dumps(body).encode()) == read


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        pytest.param(404, b'{"error": {"code": "not_found"}}', "earlier release; ask .*`relay unbind`", id="older"),
        pytest.param(404, b"<html>", "earlier release", id="no relay"),
        pytest.param(401, b"{}", "does not accept this site's secret", id="another secret"),
        pytest.param(429, b'{"error": {"code": "changing"}}', "try again in some seconds", id="being changed"),
        pytest.param(503, b"{}", "try again in some seconds", id="in trouble"),
        pytest.param(302, b"", "cannot take a page back", id="a redirect"),
        pytest.param(200, b"<html>", "cannot take a page back", id="a page of another program"),
        pytest.param(200, b"{}", "cannot take a page back", id="an answer to something else"),
    ],
)
def test_whatever_else_comes_is_said_in_words(status: int, body: bytes, told: str) -> None:
    with pytest.raises(NotGivenBack, match=told):
        read_given_back(status, body)


@given(status=st.integers(100, 999), body=st.binary(max_size=80))
def test_any_answer_gives_a_value_or_words(status: int, body: bytes) -> None:
    with suppress(NotGivenBack):
        read_given_back(status, body)
