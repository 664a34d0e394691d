"""What an outbox may keep: which items are receipts, and the names of losses."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.limits import DEAD_LIMITS, LOSS_WORDS, NEARLY_FULL, OUTBOX_LIMITS, LossReason, Part, is_receipt
from tests.samples.reading import FACEBOOK_NAMES, facebook_sample


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        pytest.param("messaging", b'{"sender":{},"recipient":{},"timestamp":1,"read":{"watermark":1}}', id="read"),
        pytest.param("messaging", b'{"sender":{},"recipient":{},"delivery":{"mids":["m"]}}', id="delivered"),
        pytest.param("messaging", b'{"read":{},"delivery":{}}', id="both"),
        pytest.param("standby", b'{"read":{"watermark":1}}', id="of a page whose thread another app owns"),
    ],
)
def test_an_item_that_only_says_delivered_or_read_is_a_receipt(kind: str, payload: bytes) -> None:
    assert is_receipt(kind, payload)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        pytest.param("messaging", b'{"sender":{},"message":{"text":"read"}}', id="a message"),
        pytest.param("messaging", b'{"read":{},"message":{"text":"hello"}}', id="a receipt that came with a message"),
        pytest.param("messaging", b'{"read":{},"something_new":1}', id="a receipt with something new"),
        pytest.param("messaging", b'{"sender":{"read":{}}}', id="the word further inside"),
        pytest.param("messaging", b"{}", id="nothing"),
        pytest.param("messaging", b'["read"]', id="a list"),
        pytest.param("messaging", b'"read"', id="a text"),
        pytest.param("messaging", b"", id="no JSON"),
        pytest.param("messaging", b'{"read":', id="half of one"),
        pytest.param("messaging", b"\xff", id="no text"),
        pytest.param("messaging", b"[" * 100_000, id="a deep one"),
        pytest.param("changes", b'{"read":{}}', id="of another kind"),
        pytest.param("page.connected", b'{"read":{}}', id="of the relay's own"),
    ],
)
def test_anything_else_is_none(kind: str, payload: bytes) -> None:
    assert not is_receipt(kind, payload)


def test_of_all_known_items_of_facebook_only_receipts_are_receipts() -> None:
    receipts = {name for name in FACEBOOK_NAMES if is_receipt(name.split("/")[0], facebook_sample(name))}

    assert receipts == {
        "messaging/delivery",
        "messaging/delivery_without_mids",
        "messaging/read",
        "messaging/read_of_one_message",
    }


@given(payload=st.binary(max_size=60))
def test_no_item_is_too_odd_to_be_judged(payload: bytes) -> None:
    assert is_receipt("messaging", payload) in {True, False}


def test_the_same_reason_has_another_name_where_it_happens_to_dead_letters() -> None:
    assert LossReason.of(Part.WAITING, LossReason.AGE) is LossReason.AGE
    assert LossReason.of(Part.DEAD, LossReason.AGE) is LossReason.DEAD_AGE
    with pytest.raises(ValueError, match="dead_receipts"):
        LossReason.of(Part.DEAD, LossReason.RECEIPTS)


def test_every_reason_is_told_in_words() -> None:
    assert set(LOSS_WORDS) == set(LossReason)


def test_the_defaults_are_those_that_are_documented() -> None:
    assert (OUTBOX_LIMITS.max_events, OUTBOX_LIMITS.max_bytes) == (1_000_000, 2 * 1024**3)
    assert OUTBOX_LIMITS.max_age_ms == 7 * 24 * 3600 * 1000
    assert DEAD_LIMITS.max_age_ms > OUTBOX_LIMITS.max_age_ms


def test_the_script_knows_the_same_part_of_its_limits_as_nearly_full() -> None:
    source = (Path(__file__).parents[4] / "relay/adapters/lua/append.lua").read_text("utf-8")

    assert source.count(f"* {NEARLY_FULL}") == 2
