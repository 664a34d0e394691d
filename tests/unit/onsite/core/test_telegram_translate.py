"""Telegram's updates: what goes to quarantine, and how their numbers are read."""

import json

import pytest

from onsite.core.errors import TranslationError
from onsite.core.model import Translation
from onsite.core.telegram.translate import translate_update, update_id_of
from tests.samples.bot import (
    RECEIVED_AT_MS,
)


@pytest.mark.parametrize(
    "update",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"update_id":1,"message":' + b"[" * 100_000, id="endless nesting"),
        pytest.param(b'{"update_id":1,"message":"secret"}', id="a message that is a text"),
        pytest.param(b'{"update_id":1,"message":{"message_id":1,"text":"secret"}}', id="a message without a chat"),
        pytest.param(b'{"update_id":1,"edited_message":{"message_id":1}}', id="an edit without a chat"),
        pytest.param(b'{"update_id":1,"message":{"chat":{"id":1.5},"text":"secret"}}', id="a chat of no id"),
    ],
)
def test_what_cannot_be_read_or_placed_goes_to_quarantine(update: bytes) -> None:
    with pytest.raises(TranslationError) as caught:
        translate_update(update, received_at_ms=RECEIVED_AT_MS)

    assert str(caught.value)
    assert "secret" not in str(caught.value)


def test_any_depth_of_nesting_is_either_translated_or_goes_to_quarantine() -> None:
    outcomes: set[type] = set()
    for depth in range(800, 1100):
        update = b'{"update_id":1,"x":' + b"[" * depth + b"]" * depth + b"}"
        try:
            outcomes.add(type(translate_update(update, received_at_ms=RECEIVED_AT_MS)))
        except TranslationError as error:
            outcomes.add(type(error))

    assert outcomes == {Translation, TranslationError}


@pytest.mark.parametrize("update_id", [0, 7, 2**31, 2**62])
def test_the_number_of_an_update_is_read(update_id: int) -> None:
    assert update_id_of(json.dumps({"update_id": update_id}).encode()) == update_id


@pytest.mark.parametrize(
    "update",
    [b"", b"[]", b"{}", *(json.dumps({"update_id": odd}).encode() for odd in (None, "7", 1.0, True, -1, 2**63, [7]))],
)
def test_an_update_without_a_usable_number_is_refused(update: bytes) -> None:
    with pytest.raises(TranslationError):
        update_id_of(update)
