"""The oldest contents go first, and no more of them than needed."""

from hypothesis import given
from hypothesis import strategies as st

from onsite.core.media.keeping import Kept, beyond

CONTENTS = st.lists(st.integers(0, 100)).map(lambda sizes: [Kept(str(n), size) for n, size in enumerate(sizes)])


def test_the_oldest_go_until_the_rest_fits() -> None:
    contents = [Kept("a", 5), Kept("b", 5), Kept("c", 5)]

    assert beyond(contents, total_bytes=15, bound_bytes=9) == ["a", "b"]
    assert beyond(contents, total_bytes=15, bound_bytes=15) == []


@given(CONTENTS, st.integers(0, 1000))
def test_what_stays_fits_and_one_more_would_not(contents: list[Kept], bound: int) -> None:
    going = beyond(contents, total_bytes=sum(each.size_bytes for each in contents), bound_bytes=bound)
    left = sum(each.size_bytes for each in contents[len(going) :])

    assert going == [each.sha256 for each in contents[: len(going)]]
    assert left <= bound
    if going:
        assert left + contents[len(going) - 1].size_bytes > bound
