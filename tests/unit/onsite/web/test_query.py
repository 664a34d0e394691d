"""What requests say is read strictly, and refused in words."""

import pytest
from aiohttp.test_utils import make_mocked_request

from onsite.engine.views import Cursor
from onsite.web.query import cursor_of, flag_field, limit_of, seconds_of, text_field, write_cursor
from shared.web import RequestRefused


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = Cursor(1_763_806_800_123, 42)

    assert cursor_of(make_mocked_request("GET", f"/?before={write_cursor(cursor)}")) == cursor
    assert cursor_of(make_mocked_request("GET", "/")) is None


@pytest.mark.parametrize("text", ["", ".", "1.", ".1", "1.x", "-1.2", "1.2.3", "1e3.1", f"{2**63}.1", "²."])
def test_what_is_no_cursor_is_400(text: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        cursor_of(make_mocked_request("GET", f"/?before={text}"))
    assert caught.value.status == 400


@pytest.mark.parametrize(("query", "expected"), [("", 50), ("limit=1", 1), ("limit=200", 200)])
def test_a_page_has_a_sensible_size(query: str, expected: int) -> None:
    assert limit_of(make_mocked_request("GET", f"/?{query}")) == expected


@pytest.mark.parametrize(("text", "expected"), [("", 0.0), ("wait_s=0.5", 0.5), ("wait_s=25", 25.0)])
def test_seconds_may_have_a_fraction(text: str, expected: float) -> None:
    assert seconds_of(make_mocked_request("GET", f"/?{text}"), "wait_s", longest=25) == expected


@pytest.mark.parametrize("text", ["-1", "26", "nan", "inf", "soon", "--1"])
def test_seconds_beyond_the_longest_are_400(text: str) -> None:
    with pytest.raises(RequestRefused):
        seconds_of(make_mocked_request("GET", f"/?wait_s={text}"), "wait_s", longest=25)


def test_fields_have_their_types() -> None:
    assert text_field({"a": "b"}, "a") == "b"
    assert text_field({}, "a", default="c") == "c"
    assert flag_field({}, "a") is False
    for odd in (1, None, ["x"]):
        with pytest.raises(RequestRefused):
            text_field({"a": odd}, "a")
        with pytest.raises(RequestRefused):
            flag_field({"a": odd}, "a")
