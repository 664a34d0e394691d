"""What is nested too deep is cut out of a body, and costs nothing else."""

import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.nesting import MAX_ITEM_DEPTH, cut_deep, may_be_deep
from relay.core.webhook import Incoming, split
from shared.wire import Event, decode_batch, encode_batch

GOOD = b'{"message":{"text":"[[{{"}}'


def lists(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def objects(levels: int) -> bytes:
    return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)


def behind_a_text(levels: int) -> bytes:
    return rb'["\"]]]",' + lists(levels - 1) + b"]"


def body_of(*items: bytes) -> bytes:
    return b'{"object":"page","entry":[{"id":"1","messaging":[' + b",".join(items) + b"]}]}"


shapes = pytest.mark.parametrize("nested", [lists, objects, behind_a_text])


@shapes
def test_an_item_at_the_limit_is_passed_on_as_it_came(nested: Callable[[int], bytes]) -> None:
    deep = nested(MAX_ITEM_DEPTH)
    parts = split(body_of(GOOD, deep))

    assert [item.payload for item in parts.items] == [GOOD, deep]
    assert not parts.odd
    assert not parts.deep


@shapes
@pytest.mark.parametrize("levels", [MAX_ITEM_DEPTH + 1, 900, 990, 1_000, 100_000])
def test_a_deeper_item_is_kept_aside_and_costs_the_others_nothing(nested: Callable[[int], bytes], levels: int) -> None:
    deep = nested(levels)
    parts = split(body_of(GOOD, deep, GOOD, deep))

    assert parts.items == [Incoming("1", "messaging", GOOD)] * 2
    assert not parts.odd
    assert list(parts.deep) == [deep, deep]


@pytest.mark.parametrize("key", ["id", "time", "messaging", "later"])
def test_what_is_deep_beside_the_items_costs_the_next_entry_nothing(key: str) -> None:
    deep = lists(2_000)
    entry = b'{"id":"1","' + key.encode() + b'":' + deep + b',"changes":[{"odd":1}]}'
    parts = split(b'{"object":"page","entry":[' + entry + b',{"id":"2","messaging":[' + GOOD + b"]}]}")

    assert parts.items[-1] == Incoming("2", "messaging", GOOD)
    assert list(parts.deep) == [deep[1:-1]]


def test_the_mark_is_never_taken_for_an_item_that_came() -> None:
    looks_like_it = b'"cut out"'
    parts = split(body_of(looks_like_it, lists(2_000), looks_like_it))

    assert [item.payload for item in parts.items] == [looks_like_it, looks_like_it]


def test_a_body_of_many_shallow_items_is_not_cut() -> None:
    parts = split(body_of(*[GOOD] * 1_000))

    assert len(parts.items) == 1_000
    assert not parts.deep


@pytest.mark.parametrize("nested", [lists, objects])
@pytest.mark.parametrize("levels", [1, MAX_ITEM_DEPTH])
def test_whatever_passes_is_read_by_the_site(nested: Callable[[int], bytes], levels: int) -> None:
    (item,) = split(body_of(nested(levels))).items
    batch = decode_batch(encode_batch("acme", [Event("1-0", "1", "now", item.kind, msgspec.Raw(item.payload))]))

    assert not batch.unreadable
    assert json.loads(bytes(batch.events[0].payload)) is not None


@given(text=st.binary())
def test_any_bytes_can_be_cut(text: bytes) -> None:
    assert cut_deep(text).body == text


@given(levels=st.integers(1, 3 * MAX_ITEM_DEPTH))
def test_what_cannot_be_deep_is_not(levels: int) -> None:
    assert may_be_deep(lists(levels)) == (levels > MAX_ITEM_DEPTH)
