"""What must hold for both translators whatever they are given: they never break, never show a blank, never lose count.

The recorded samples are mutated: keys dropped, types changed, values nested and repeated.
"""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.errors import TranslationError
from onsite.core.facebook.translate import translate_item
from onsite.core.model import Fact, MessageFact, Translation
from onsite.core.telegram.translate import translate_update, update_id_of
from tests.samples.reading import (
    FACEBOOK_NAMES,
    FACEBOOK_PAGE,
    TELEGRAM_NAMES,
    facebook_sample,
    telegram_sample,
)

RECEIVED_AT_MS = 1_760_000_009_999
INDEXABLE_BYTES = 2704
"""The largest entry of a PostgreSQL index."""

Translator = Callable[[bytes, int], Translation]


def messenger(payload: bytes, received_at_ms: int = RECEIVED_AT_MS) -> Translation:
    return translate_item("messaging", FACEBOOK_PAGE, payload, received_at_ms=received_at_ms)


def bot(payload: bytes, received_at_ms: int = RECEIVED_AT_MS) -> Translation:
    return translate_update(payload, received_at_ms=received_at_ms)


SAMPLES = [
    *((messenger, facebook_sample(name)) for name in FACEBOOK_NAMES if not name.startswith("changes/")),
    *((bot, telegram_sample(name)) for name in TELEGRAM_NAMES),
]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 10**11, 2**63, 10**40, -1.5, 1e308, 1.0]),
    st.sampled_from(["", " ", "7", "-7", "1e9", "\0", "\ud800", "\udc00x", "x" * 3000, "🙂" * 700]),
    st.builds(list),
    st.builds(dict),
    st.recursive(
        st.integers() | st.text(st.characters(), max_size=5),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=4,
    ),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """List every (container, key or index) below a value."""
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    else:
        return []
    return [(value, key) for key, _ in pairs] + [place for _, inner in pairs for place in places(inner)]


def mutate(draw: st.DrawFn, document: Any) -> None:
    """Change one place of a document."""
    found = places(document)
    if not found:
        return
    container, key = draw(st.sampled_from(found))
    match draw(st.sampled_from(["drop", "replace", "nest in a list", "nest in an object", "repeat", "add"])):
        case "drop":
            del container[key]
        case "replace":
            container[key] = draw(ODD)
        case "nest in a list":
            container[key] = [container[key]]
        case "nest in an object":
            container[key] = {key if isinstance(key, str) else "x": container[key]}
        case "repeat":
            container[key] = [copy.deepcopy(container[key]) for _ in range(3)]
        case "add" if isinstance(container, dict):
            container[draw(st.text(st.characters(), max_size=8))] = draw(ODD)


@st.composite
def mutated_samples(draw: st.DrawFn) -> tuple[Translator, bytes]:
    translate, payload = draw(st.sampled_from(SAMPLES))
    document = json.loads(payload)
    for _ in range(draw(st.integers(1, 4))):
        mutate(draw, document)
    return translate, json.dumps(document).encode()


def outcome(translate: Translator, payload: bytes, received_at_ms: int = RECEIVED_AT_MS) -> Translation | None:
    try:
        return translate(payload, received_at_ms)
    except TranslationError:
        return None


def values_of(value: Any) -> Iterator[Any]:
    """Walk through a fact, down to what is no dataclass and no tuple."""
    if is_dataclass(value):
        for field in fields(value):
            yield from values_of(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from values_of(item)
    else:
        yield value


def texts_of(fact: Fact) -> list[str]:
    return [value for value in values_of(fact) if isinstance(value, str)]


def numbers_of(fact: Fact) -> list[int]:
    return [value for value in values_of(fact) if isinstance(value, int)]


@given(mutated_samples())
def test_nothing_but_a_translation_error_ever_comes_out(mutated: tuple[Translator, bytes]) -> None:
    outcome(*mutated)


@given(mutated_samples())
def test_no_message_is_ever_blank(mutated: tuple[Translator, bytes]) -> None:
    translation = outcome(*mutated)

    for fact in translation.facts if translation else ():
        if isinstance(fact, MessageFact):
            assert fact.text.strip() or fact.attachments or fact.label.strip()
            assert fact.conversation_key
            assert fact.message_key


@given(mutated_samples())
def test_every_fact_can_be_stored_and_its_keys_indexed(mutated: tuple[Translator, bytes]) -> None:
    translation = outcome(*mutated)

    for fact in translation.facts if translation else ():
        for text in texts_of(fact):
            assert "\0" not in text
            assert text.encode().decode() == text
        for number in numbers_of(fact):
            assert 0 <= number < 2**63
        keys = [translation.key if translation else "", fact.conversation_key]
        assert all(len(key.encode()) < INDEXABLE_BYTES for key in keys)


@given(mutated_samples(), st.integers(0, 2**50))
def test_the_same_event_has_the_same_key_however_it_is_written_and_whenever_it_comes(
    mutated: tuple[Translator, bytes], later_ms: int
) -> None:
    translate, payload = mutated
    document = json.loads(payload)
    rewritten = json.dumps(reordered(document), indent=3, ensure_ascii=True).encode()

    once, again = outcome(translate, payload), outcome(translate, rewritten, later_ms)

    assert (once and once.key) == (again and again.key)


def reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reordered(inner) for key, inner in reversed(value.items())}
    return [reordered(inner) for inner in value] if isinstance(value, list) else value


@given(mutated_samples())
def test_standby_and_messaging_copies_are_the_same_event(mutated: tuple[Translator, bytes]) -> None:
    translate, payload = mutated
    if translate is not messenger:
        return

    def standby(payload: bytes, received_at_ms: int) -> Translation:
        return translate_item("standby", FACEBOOK_PAGE, payload, received_at_ms=received_at_ms)

    assert outcome(standby, payload) == outcome(messenger, payload)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_translated_or_refused(payload: bytes) -> None:
    for kind in ("messaging", "standby", "changes", "page.gap"):
        try:
            assert isinstance(translate_item(kind, FACEBOOK_PAGE, payload, received_at_ms=0), Translation)
        except TranslationError:
            continue
    outcome(bot, payload)


@given(st.binary(max_size=100) | ODD.map(lambda odd: json.dumps({"update_id": odd}).encode()))
def test_an_updates_number_is_a_usable_one_or_refused(payload: bytes) -> None:
    try:
        number = update_id_of(payload)
    except TranslationError:
        return
    assert 0 <= number < 2**63


@pytest.mark.parametrize(("translate", "payload"), SAMPLES)
def test_every_sample_is_translated(translate: Translator, payload: bytes) -> None:
    assert outcome(translate, payload) is not None


def test_different_events_of_messenger_have_different_keys() -> None:
    keys = [messenger(facebook_sample(name)).key for name in FACEBOOK_NAMES if name.startswith("messaging/")]

    assert len(set(keys)) == len(keys)


def test_different_updates_of_telegram_have_different_keys() -> None:
    updates = [json.loads(telegram_sample(name)) for name in TELEGRAM_NAMES]
    for number, update in enumerate(updates, start=1):
        for content in update.values():
            if isinstance(content, dict) and "message_id" in content:
                content["message_id"] = number

    assert len({bot(json.dumps(update).encode()).key for update in updates}) == len(updates)
