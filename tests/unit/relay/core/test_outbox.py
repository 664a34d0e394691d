"""Names of outboxes, and an entry as the wire knows it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from relay.core.outbox import DEFAULT_LIMITS, Entry, holding_of, is_holding, page_of
from shared.names import is_site_name
from shared.wire import MAX_BATCH_BYTES, encode_batch


@given(page=st.from_regex(r"[0-9]{1,32}", fullmatch=True))
def test_a_holding_outbox_names_its_page_and_can_be_no_site(page: str) -> None:
    holding = holding_of(page)

    assert is_holding(holding)
    assert page_of(holding) == page
    assert not is_site_name(holding)


@given(name=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True))
def test_no_site_looks_like_a_holding_outbox(name: str) -> None:
    assert is_site_name(name)
    assert not is_holding(name)


def test_an_entry_tells_when_it_was_accepted_and_travels_verbatim() -> None:
    entry = Entry("1763806800123-7", "1122", "messaging", b'{ "text" : "\\u00e4 \\/" }')
    body = encode_batch("acme", [entry.as_event()])

    assert entry.accepted_at_ms == 1_763_806_800_123
    assert b'"payload":{ "text" : "\\u00e4 \\/" }' in body
    assert json.loads(body)["events"] == [
        {
            "id": "1763806800123-7",
            "page_id": "1122",
            "received_at": "2025-11-22T10:20:00.123Z",
            "kind": "messaging",
            "payload": {"text": "\u00e4 /"},
        }
    ]


def test_a_full_batch_fits_into_what_a_site_accepts() -> None:
    # What an event adds to its payload: ids, page, time, kind and the JSON around them.
    around = len(encode_batch("a" * 63, [Entry("9" * 13 + "-999999", "9" * 32, "k" * 40, b"").as_event()]))

    assert DEFAULT_LIMITS.max_bytes + DEFAULT_LIMITS.max_events * around < MAX_BATCH_BYTES
