"""Facts are fit for any database, or refused one by one."""

import dataclasses
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.errors import TranslationError
from onsite.core.model import (
    Attachment,
    AttachmentKind,
    Author,
    Direction,
    Kind,
    MessageFact,
    Person,
    ReceiptFact,
    ReceiptState,
)
from onsite.engine.storable import MAX_INT, storable_fact
from shared.clock import LAST_MS


def message(**more: Any) -> MessageFact:
    fact = MessageFact("c", "m", Direction.INBOUND, Author.CONTACT, 1000, Kind.TEXT, Person("p", "Ada"), text="hello")
    return dataclasses.replace(fact, **more)


def test_a_sound_fact_is_the_same_object() -> None:
    fact = message(attachments=(Attachment(AttachmentKind.IMAGE, url="https://x", size_bytes=1, latitude=1.5),))

    assert storable_fact(fact) is fact


@pytest.mark.parametrize(
    ("before", "after"),
    [("a\0b", "a\ufffdb"), ("cut \ud83d", "cut \ufffd"), ("\ud83d\ude00", "😀"), ("grüß", "grüß")],
    ids=["NUL", "half a pair", "a pair", "sound"],
)
def test_text_loses_only_what_is_no_character(before: str, after: str) -> None:
    fact = storable_fact(message(text=before, person=Person("p", name=before)))

    assert isinstance(fact, MessageFact)
    assert fact.person is not None
    assert (fact.text, fact.person.name) == (after, after)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_place_that_is_none_is_left_out(number: float) -> None:
    fact = storable_fact(message(attachments=(Attachment(AttachmentKind.LOCATION, latitude=number, longitude=2.5),)))

    assert isinstance(fact, MessageFact)
    assert (fact.attachments[0].latitude, fact.attachments[0].longitude) == (None, 2.5)


def test_a_size_beyond_64_bits_is_left_out() -> None:
    fact = storable_fact(message(attachments=(Attachment(AttachmentKind.FILE, size_bytes=MAX_INT + 1),)))

    assert isinstance(fact, MessageFact)
    assert fact.attachments[0].size_bytes is None


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(message(sent_at_ms=-1), id="before 1970"),
        pytest.param(message(sent_at_ms=LAST_MS + 1), id="after 9999"),
        pytest.param(message(message_key=""), id="message without id"),
        pytest.param(message(conversation_key=""), id="nobody's conversation"),
        pytest.param(ReceiptFact("c", ReceiptState.READ, (), 2**70), id="receipt beyond time"),
        pytest.param(ReceiptFact("", ReceiptState.READ, ("m",)), id="receipt of nobody"),
    ],
)
def test_what_cannot_be_put_in_its_place_is_refused(fact: MessageFact | ReceiptFact) -> None:
    with pytest.raises(TranslationError):
        storable_fact(fact)


texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)


@given(text=texts, name=texts, at=st.integers(), size=st.integers(), latitude=st.floats())
def test_whatever_comes_out_can_be_stored(text: str, name: str, at: int, size: int, latitude: float) -> None:
    attachment = Attachment(AttachmentKind.FILE, name=name, size_bytes=size, latitude=latitude)
    try:
        fact = storable_fact(message(text=text, sent_at_ms=at, attachments=(attachment,)))
    except TranslationError:
        assert not 0 <= at <= LAST_MS
        return

    assert isinstance(fact, MessageFact)
    assert "\0" not in fact.text + fact.attachments[0].name
    (fact.text + fact.attachments[0].name).encode()
    assert fact.attachments[0].size_bytes is None or abs(fact.attachments[0].size_bytes) <= MAX_INT
    assert fact.attachments[0].latitude is None or math.isfinite(fact.attachments[0].latitude)
