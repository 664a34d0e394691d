"""What passes is tried again, later and later, for about a day; what lasts is not."""

import pytest

from onsite.core.media.retries import LONGEST_PAUSE_S, PAUSES_S, Failure, pause_after, pause_after_failure
from onsite.core.media.troubles import LASTING, MediaTrouble


def test_pauses_grow_and_end_after_about_a_day() -> None:
    assert [pause_after(tries) for tries in range(1, len(PAUSES_S) + 2)] == [*PAUSES_S, None]
    assert list(PAUSES_S) == sorted(PAUSES_S)
    assert 20 * 3600 < sum(PAUSES_S) < 26 * 3600


@pytest.mark.parametrize("trouble", MediaTrouble)
def test_only_what_passes_is_tried_again(trouble: MediaTrouble) -> None:
    assert (pause_after_failure(Failure(trouble, ""), tries=1) is None) == (trouble in LASTING)


@pytest.mark.parametrize(
    ("asked", "tries", "pause"),
    [
        pytest.param(0.0, 1, 5.0, id="nothing asked for"),
        pytest.param(60.0, 1, 60.0, id="longer than the table"),
        pytest.param(60.0, 4, 600.0, id="shorter than the table"),
        pytest.param(1e9, 1, LONGEST_PAUSE_S, id="beyond measure"),
        pytest.param(60.0, 9, None, id="no try is left"),
    ],
)
def test_a_platforms_wish_is_heeded_within_measure(asked: float, tries: int, pause: float | None) -> None:
    failure = Failure(MediaTrouble.THROTTLED, "", retry_after_s=asked)

    assert pause_after_failure(failure, tries=tries) == pause
