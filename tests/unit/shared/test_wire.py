"""The wire between the halves: what one writes the other reads, and one odd event never costs another."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from shared.errors import WireError
from shared.wire import (
    VERSION,
    Batch,
    Event,
    Receipt,
    Rejection,
    Unreadable,
    decode_batch,
    decode_receipt,
    encode_batch,
    encode_receipt,
)

EVENT = Event("1763806800123-0", "1122", "2025-11-22T10:20:00.123Z", "messaging", Raw(b'{"text":"hi"}'))
ODD_PAYLOADS = [
    b"null",
    b"-1.50e+3",
    b'"]}"',
    b'{ "a" : [ 1 ,\n\t2 ] }',
    rb'{"text":"\u00e4\/\\\"}],"}',
    '{"text":"\u00e4 \U0001f600"}'.encode(),
    b'{"a":1,"a":2}',
    b'{"id":123456789012345678901234567890}',
]


def envelope(*events: object, **changes: object) -> bytes:
    return json.dumps({"type": "events", "version": 1, "site": "acme", "events": events} | changes).encode()


def as_tuple(event: Event) -> tuple[str, str, str, str, bytes]:
    return event.id, event.page_id, event.received_at, event.kind, bytes(event.payload)


def test_a_batch_is_written_as_the_contract_shows_it() -> None:
    assert json.loads(encode_batch("acme", [EVENT])) == {
        "type": "events",
        "version": VERSION,
        "site": "acme",
        "events": [
            {
                "id": "1763806800123-0",
                "page_id": "1122",
                "received_at": "2025-11-22T10:20:00.123Z",
                "kind": "messaging",
                "payload": {"text": "hi"},
            }
        ],
    }


@given(
    site=st.text(),
    events=st.lists(st.tuples(st.text(), st.text(), st.text(), st.text(), st.sampled_from(ODD_PAYLOADS)), max_size=5),
)
def test_what_is_written_is_read_with_payloads_byte_for_byte(
    site: str, events: list[tuple[str, str, str, str, bytes]]
) -> None:
    body = encode_batch(site, [Event(id_, page, at, kind, Raw(payload)) for id_, page, at, kind, payload in events])
    batch = decode_batch(body)

    assert (batch.site, batch.unreadable) == (site, [])
    assert [as_tuple(event) for event in batch.events] == events


class TestReadingABatch:
    def test_a_newer_version_with_unknown_fields_is_read(self) -> None:
        newer = {
            "id": "1-1",
            "page_id": "1",
            "received_at": "x",
            "kind": "calls.started",
            "payload": {"a": 1},
            "priority": {"new": True},
        }
        batch = decode_batch(envelope(newer, version=2, region="eu"))

        assert [as_tuple(event) for event in batch.events] == [("1-1", "1", "x", "calls.started", b'{"a": 1}')]

    @pytest.mark.parametrize(
        ("odd", "odd_id"),
        [
            pytest.param({"id": "1-2"}, "1-2", id="all but the id missing"),
            pytest.param(
                {"id": "1-2", "page_id": 1, "received_at": "", "kind": "", "payload": 1}, "1-2", id="a number"
            ),
            pytest.param(
                {"id": 12, "page_id": "1", "received_at": "", "kind": "", "payload": 1}, "", id="a number as id"
            ),
            pytest.param({"page_id": "1", "received_at": "", "kind": "", "payload": 1}, "", id="no id"),
            pytest.param({"id": "1-2", "page_id": "1", "received_at": "", "kind": ""}, "1-2", id="no payload"),
            pytest.param(None, "", id="null"),
            pytest.param("1-2", "", id="a text"),
            pytest.param([], "", id="a list"),
        ],
    )
    def test_an_odd_event_is_named_and_costs_the_others_nothing(self, odd: object, odd_id: str) -> None:
        good = json.loads(encode_batch("acme", [EVENT]))["events"][0]
        batch = decode_batch(envelope(good, odd, good))

        assert [event.id for event in batch.events] == [EVENT.id, EVENT.id]
        assert [unreadable.id for unreadable in batch.unreadable] == [odd_id]
        assert batch.unreadable[0].reason

    def test_an_empty_batch_is_one(self) -> None:
        assert decode_batch(envelope()) == Batch("acme", [], [])

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(b"[]", id="a list"),
            pytest.param(envelope(type="ping"), id="another type"),
            pytest.param(envelope(version="1"), id="a version in quotes"),
            pytest.param(envelope(site=None), id="no site"),
            pytest.param(envelope(events={}), id="events that are no list"),
            pytest.param(b'{"type":"events","version":1,"site":"acme"}', id="no events"),
            pytest.param(b'{"type":"events","version":1,"site":"\xff","events":[]}', id="not UTF-8"),
            pytest.param(envelope()[:-1], id="cut off"),
            pytest.param(b"[" * 100_000, id="nested without end"),
        ],
    )
    def test_what_is_no_batch_is_refused(self, body: bytes) -> None:
        with pytest.raises(WireError):
            decode_batch(body)

    @given(body=st.binary() | st.binary().map(lambda junk: envelope(1)[:-3] + junk + b"]}"))
    def test_any_bytes_are_a_batch_or_refused(self, body: bytes) -> None:
        try:
            batch = decode_batch(body)
        except WireError:
            return
        assert isinstance(batch, Batch)
        assert all(isinstance(unreadable, Unreadable) for unreadable in batch.unreadable)


class TestReceipt:
    def test_it_names_refusals_only_where_there_are_any(self) -> None:
        assert encode_receipt(Receipt(17)) == b'{"accepted":17}'
        assert json.loads(encode_receipt(Receipt(16, [Rejection("1-2", "odd")]))) == {
            "accepted": 16,
            "rejected": [{"id": "1-2", "reason": "odd"}],
        }

    @given(accepted=st.integers(0, 10**6), rejected=st.lists(st.builds(Rejection, st.text(), st.text()), max_size=3))
    def test_what_is_written_is_read(self, accepted: int, rejected: list[Rejection]) -> None:
        receipt = decode_receipt(encode_receipt(Receipt(accepted, rejected)))

        assert (receipt.accepted, list(receipt.rejected)) == (accepted, rejected)

    def test_fields_of_a_newer_site_are_ignored(self) -> None:
        assert decode_receipt(b'{"accepted":1,"queue":7,"rejected":[{"id":"a","reason":"b","code":3}]}') == Receipt(
            1, [Rejection("a", "b")]
        )

    @given(body=st.binary())
    def test_any_bytes_are_a_receipt_or_refused(self, body: bytes) -> None:
        try:
            assert isinstance(decode_receipt(body), Receipt)
        except WireError:
            return
