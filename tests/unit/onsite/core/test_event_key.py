"""Keys of events that have no id of their own."""

import pytest

from onsite.core.event_key import derived_key


def test_a_key_names_its_kind_and_has_a_bounded_length() -> None:
    key = derived_key("reaction", "1", {"text": "x" * 10_000})

    assert key.startswith("reaction:")
    assert len(key) == len("reaction:") + 64


def test_the_order_of_keys_does_not_matter() -> None:
    assert derived_key("k", {"a": 1, "b": [2]}) == derived_key("k", {"b": [2], "a": 1})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(("ab", "c"), ("a", "bc"), id="texts that join to the same"),
        pytest.param(("a:b",), ("a", "b"), id="a separator inside a text"),
        pytest.param(("1",), (1,), id="a text and a number"),
        pytest.param((None,), (), id="nothing told and nothing there"),
        pytest.param((["a", "b"],), (["b", "a"],), id="lists of another order"),
    ],
)
def test_different_identities_have_different_keys(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    assert derived_key("k", *one) != derived_key("k", *other)


def test_the_kind_is_part_of_the_identity() -> None:
    assert derived_key("a", 1).partition(":")[2] != derived_key("b", 1).partition(":")[2]
