"""Whatever a channel delivers, an event comes out."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.errors import TranslationError
from onsite.core.facebook.translate import translate_item
from onsite.core.model import Platform, Translation
from onsite.core.telegram.translate import translate_update
from onsite.engine.channels import ChannelRef
from onsite.engine.incoming import EventState
from onsite.engine.reading import describe, read_relay_event, read_update
from shared.wire import Event

BOT = ChannelRef(Platform.TELEGRAM, "987654")


def event(payload: bytes = b"{}", *, kind: str = "messaging", received_at: str = "2026-11-22T10:20:00Z") -> Event:
    return Event("1-0", "1122", received_at, kind, msgspec.Raw(payload))


def nothing(*_: Any, **__: Any) -> Translation:
    return Translation("the key", ())


def test_the_translator_is_given_the_item_byte_for_byte_and_the_relays_moment() -> None:
    seen: list[Any] = []

    def translate(kind: str, page_id: str, payload: bytes, *, received_at_ms: int) -> Translation:
        seen.extend((kind, page_id, payload, received_at_ms))
        return Translation("the key", ())

    read = read_relay_event(event(b'{ "a" : 1 }', kind="standby"), translate=translate, now_ms=5)

    assert seen == ["standby", "1122", b'{ "a" : 1 }', 1_795_342_800_000]
    assert (read.key, read.state, read.payload) == ("the key", EventState.STORED, b'{ "a" : 1 }')


@pytest.mark.parametrize("kind", ["page.connected", "page.token_invalid", "hologram", ""])
def test_other_kinds_are_not_translated_and_told_apart_by_their_id(kind: str) -> None:
    def translate(*_: Any, **__: Any) -> Translation:
        raise AssertionError("not to be asked")

    read = read_relay_event(event(kind=kind), translate=translate, now_ms=5)

    assert (read.key, read.state, read.facts) == ("source:1-0", EventState.IGNORED, ())


def test_what_cannot_be_read_is_the_same_event_when_it_comes_again_and_another_when_it_differs() -> None:
    def broken(*_: Any, **__: Any) -> Translation:
        raise TranslationError("odd")

    keys = [
        read_relay_event(event(payload, kind=kind), translate=broken, now_ms=5).key
        for payload, kind in [(b"1", "messaging"), (b"1", "messaging"), (b"2", "messaging"), (b"1", "standby")]
    ]

    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_an_error_of_ours_is_told_in_its_words_and_any_other_by_its_place_only() -> None:
    def fault() -> None:
        raise ValueError("the customer's secret words")

    with pytest.raises(ValueError, match="secret") as caught:
        fault()

    assert describe(TranslationError("its timestamp is no number")) == "its timestamp is no number"
    assert describe(caught.value).startswith("ValueError in fault, line ")
    assert "secret" not in describe(caught.value)
    assert describe(KeyError("secret")) == "KeyError"


def test_an_update_is_kept_under_its_number_where_it_has_one() -> None:
    numbered = read_update(b"{}", channel=BOT, update_id=7, translate=nothing, now_ms=5)
    other = read_update(b"{}", channel=BOT, update_id=None, translate=nothing, now_ms=5)

    assert (numbered.source_id, other.source_id, numbered.received_at_ms) == ("7", "", 5)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=10,
)


@given(
    payload=json_values, kind=st.sampled_from(["messaging", "standby", "changes", "page.gap"]), at=st.text(max_size=30)
)
def test_any_item_of_metas_becomes_an_event(payload: Any, kind: str, at: str) -> None:
    given_event = event(msgspec.json.encode(payload), kind=kind, received_at=at)
    read = read_relay_event(given_event, translate=translate_item, now_ms=5)

    assert read.key
    assert read.payload == bytes(given_event.payload)
    assert (read.state is EventState.QUARANTINED) == bool(read.error)


@given(update=st.binary(max_size=60) | json_values.map(msgspec.json.encode))
def test_any_bytes_of_telegrams_become_an_event(update: bytes) -> None:
    read = read_update(update, channel=BOT, update_id=None, translate=translate_update, now_ms=5)

    assert read.key
    assert (read.state is EventState.QUARANTINED) == bool(read.error)
