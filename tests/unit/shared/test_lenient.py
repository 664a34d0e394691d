"""Other people's JSON: what reads as what, and that nothing but `decode_object` ever raises."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.lenient import (
    MAX_ID_CHARS,
    as_epoch_ms,
    as_id,
    as_int,
    as_list,
    as_number,
    as_object,
    as_size,
    as_text,
    canonical,
    decode_object,
)

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        pytest.param(b"", "no JSON", id="nothing"),
        pytest.param(b"\xff\xfe\x00", "no JSON", id="bytes that are no text"),
        pytest.param(b'{"a":NaN}', "no JSON", id="NaN, which is no JSON"),
        pytest.param(b'{"a":-Infinity}', "no JSON", id="infinity, which is no JSON"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", "no JSON", id="a number of 5000 digits"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="endless nesting"),
        pytest.param(b"[1]", "no object", id="a list"),
        pytest.param(b"null", "no object", id="null"),
    ],
)
def test_what_is_no_json_object_is_refused_without_repeating_it(data: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        decode_object(data)

    assert caught.value.__cause__ is None
    assert len(str(caught.value)) < 50


def test_a_lone_surrogate_does_not_cost_the_document() -> None:
    assert as_text(decode_object(rb'{"text":"half \ud83d of an emoji"}')["text"]) == "half \ufffd of an emoji"


@given(st.binary(max_size=200))
def test_any_bytes_give_an_object_or_a_value_error(data: bytes) -> None:
    try:
        value = decode_object(data)
    except ValueError:
        return
    assert isinstance(value, dict)


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        pytest.param(as_text, "a", "a", id="text from a text"),
        pytest.param(as_text, 17, "17", id="text from a number"),
        pytest.param(as_text, True, "", id="no text from a truth value"),
        pytest.param(as_text, None, "", id="no text from null"),
        pytest.param(as_text, ["a"], "", id="no text from a list"),
        pytest.param(as_text, "a\0b", "a\ufffdb", id="no NUL in a text"),
        pytest.param(as_text, "\ud83d\ude00", "😀", id="a pair of surrogates is a character"),
        pytest.param(as_id, 2**60, str(2**60), id="id from a number beyond 2^53"),
        pytest.param(as_id, "m_1", "m_1", id="id from a text"),
        pytest.param(as_id, 1.5, "", id="no id from a fraction"),
        pytest.param(as_id, "x" * (MAX_ID_CHARS + 1), "", id="no id from an essay"),
        pytest.param(as_int, "-17", -17, id="integer from a text"),
        pytest.param(as_int, 17.0, 17, id="integer from a zero fraction"),
        pytest.param(as_int, 17.5, None, id="no integer from a fraction"),
        pytest.param(as_int, True, None, id="no integer from a truth value"),
        pytest.param(as_int, "²", None, id="no integer from another script's digit"),
        pytest.param(as_int, 2**63, None, id="no integer beyond 64 bits"),
        pytest.param(as_int, "9" * 30, None, id="no integer from a long text"),
        pytest.param(as_int, float("inf"), None, id="no integer from infinity"),
        pytest.param(as_size, 0, 0, id="a size of nothing"),
        pytest.param(as_size, -1, None, id="no negative size"),
        pytest.param(as_number, 48, 48.0, id="number from an integer"),
        pytest.param(as_number, 10**400, None, id="no number beyond floats"),
        pytest.param(as_number, float("nan"), None, id="no number from NaN"),
        pytest.param(as_number, True, None, id="no number from a truth value"),
        pytest.param(as_epoch_ms, 1_760_000_000_123, 1_760_000_000_123, id="moment in milliseconds"),
        pytest.param(as_epoch_ms, "1760000000123", 1_760_000_000_123, id="moment as a text"),
        pytest.param(as_epoch_ms, 1_760_000_000, 1_760_000_000_000, id="moment in seconds"),
        pytest.param(as_epoch_ms, 10**11 - 1, (10**11 - 1) * 1000, id="the last moment in seconds"),
        pytest.param(as_epoch_ms, 10**11, 10**11, id="the first moment in milliseconds"),
        pytest.param(as_epoch_ms, 0, None, id="no moment at zero"),
        pytest.param(as_epoch_ms, -5, None, id="no moment before 1970"),
        pytest.param(as_epoch_ms, 10**15, None, id="no moment after the year 9999"),
        pytest.param(as_object, {"a": 1}, {"a": 1}, id="object from an object"),
        pytest.param(as_object, [1], {}, id="no object from a list"),
        pytest.param(as_list, [1], [1], id="list from a list"),
        pytest.param(as_list, "ab", [], id="no list from a text"),
    ],
)
def test_each_reader_returns_its_type_or_nothing(read: Callable[[Any], Any], value: Any, expected: Any) -> None:
    assert read(value) == expected
    assert type(read(value)) is type(expected)


@given(ANY_JSON)
def test_no_reader_raises_and_what_comes_out_can_be_stored(value: Any) -> None:
    for read in (as_text, as_id):
        text = read(value)
        assert "\0" not in text
        assert text.encode().decode() == text
    for read_number in (as_int, as_size, as_epoch_ms):
        number = read_number(value)
        assert number is None or -(2**63) <= number < 2**63
    assert as_number(value) is None or abs(as_number(value) or 0) < float("inf")
    assert isinstance(as_object(value), dict)
    assert isinstance(as_list(value), list)


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=5))
def test_the_canonical_form_knows_neither_spacing_nor_order(value: dict[str, Any]) -> None:
    reordered = dict(reversed(value.items()))

    assert canonical(value) == canonical(json.loads(json.dumps(reordered, indent=3)))
