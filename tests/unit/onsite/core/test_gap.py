"""Stretches of time that overlap become one, and nothing that one of them covered is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.gap import Span, joined

SPANS = st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param([], Span(10, 20), id="alone"),
        pytest.param([Span(30, 40)], Span(10, 20), id="apart"),
        pytest.param([Span(21, 40)], Span(10, 20), id="apart by the least"),
        pytest.param([Span(20, 40)], Span(10, 40), id="touching"),
        pytest.param([Span(0, 15)], Span(0, 20), id="overlapping on the left"),
        pytest.param([Span(12, 15)], Span(10, 20), id="covering another"),
        pytest.param([Span(0, 90)], Span(0, 90), id="within another"),
        pytest.param([Span(0, 10), Span(20, 30), Span(50, 60)], Span(0, 30), id="joining two and leaving one"),
    ],
)
def test_what_meets_becomes_one(known: list[Span], expected: Span) -> None:
    assert joined(Span(10, 20), known) == expected


@given(SPANS, st.lists(SPANS))
def test_every_one_lies_within_the_result_or_has_nothing_in_common_with_it(new: Span, known: list[Span]) -> None:
    whole = joined(new, known)

    assert whole.covers(new)
    assert all(whole.covers(each) or not whole.meets(each) for each in known)
    ends = {moment for each in [new, *known] for moment in (each.since_ms, each.until_ms)}
    assert {whole.since_ms, whole.until_ms} <= ends
    covered = {moment for each in [new, *known] for moment in range(each.since_ms, each.until_ms + 1)}
    assert set(range(whole.since_ms, whole.until_ms + 1)) <= covered


@pytest.mark.parametrize(
    ("second_ms", "expected"),
    [
        pytest.param(9000, True, id="the second in which it begins"),
        pytest.param(8000, False, id="the second before"),
        pytest.param(12_000, True, id="the moment in which it ends"),
        pytest.param(13_000, False, id="the second after"),
    ],
)
def test_a_whole_second_lies_within_when_a_part_of_it_does(second_ms: int, *, expected: bool) -> None:
    assert Span(9999, 12_000).has_second(second_ms) is expected
