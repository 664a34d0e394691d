"""News of a page as payloads: what is written is what is read, in the form the protocol names."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import WireError
from shared.page_events import (
    PageConnected,
    PageDisconnected,
    PageEvent,
    PageGap,
    PageTokenInvalid,
    decode_connected,
    decode_disconnected,
    decode_gap,
    decode_token_invalid,
    encode,
)

T0 = datetime(2026, 11, 22, 10, 20, tzinfo=UTC)

_READERS: dict[type[PageEvent], Callable[[bytes], PageEvent]] = {
    PageConnected: decode_connected,
    PageDisconnected: decode_disconnected,
    PageTokenInvalid: decode_token_invalid,
    PageGap: decode_gap,
}


@pytest.mark.parametrize(
    ("event", "on_the_wire"),
    [
        pytest.param(PageConnected("Acme", ["s"]), {"name": "Acme", "sealed": ["s"]}, id="connected"),
        pytest.param(PageDisconnected("gone"), {"reason": "gone"}, id="disconnected"),
        pytest.param(
            PageTokenInvalid("password changed", 190, 460),
            {"reason": "password changed", "code": 190, "subcode": 460},
            id="token invalid",
        ),
        pytest.param(
            PageGap(T0, T0 + timedelta(hours=2), "away"),
            {"from": "2026-11-22T10:20:00Z", "to": "2026-11-22T12:20:00Z", "reason": "away"},
            id="gap",
        ),
    ],
)
def test_news_is_read_as_it_was_written_in_the_form_of_the_protocol(
    event: PageEvent, on_the_wire: dict[str, object]
) -> None:
    payload = encode(event)

    assert json.loads(payload) == on_the_wire
    read = _READERS[type(event)](payload)
    assert encode(read) == payload


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b'{"from": "2026-11-22T10:20:00", "to": "2026-11-22T12:20:00Z"}', id="without a time zone"),
        pytest.param(b'{"from": "2026-11-22T10:20:00Z"}', id="without an end"),
        pytest.param(b'{"from": "2026-11-22T12:20:00Z", "to": "2026-11-22T10:20:00Z"}', id="ends before it begins"),
        pytest.param(b'{"from": 5, "to": []}', id="numbers for times"),
    ],
)
def test_a_gap_that_is_none_is_refused(payload: bytes) -> None:
    with pytest.raises(WireError, match="PageGap"):
        decode_gap(payload)


@given(
    st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(lambda x: json.dumps(x).encode())
)
def test_any_bytes_are_an_event_or_a_wire_error(payload: bytes) -> None:
    for read in _READERS.values():
        try:
            read(payload)
        except WireError:
            continue
