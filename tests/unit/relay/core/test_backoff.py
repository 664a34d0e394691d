"""When a parked site is tried again."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core import backoff
from relay.core.backoff import JITTER, LADDER_S, MAX_RETRY_AFTER_S, delay_s

NO_JITTER = 0.5


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        pytest.param(0, 1.0, id="none yet counts as one"),
        pytest.param(1, 1.0, id="first"),
        pytest.param(2, 5.0, id="second"),
        pytest.param(3, 30.0, id="third"),
        pytest.param(4, 120.0, id="fourth"),
        pytest.param(5, 300.0, id="fifth"),
        pytest.param(6, 600.0, id="sixth"),
        pytest.param(7, 600.0, id="past the end of the ladder"),
        pytest.param(10**9, 600.0, id="after years"),
    ],
)
def test_each_failure_in_a_row_climbs_one_step(failures: int, seconds: float) -> None:
    assert delay_s(failures, random=NO_JITTER) == seconds


def test_the_ladder_in_the_docstring_is_the_ladder() -> None:
    units = {"s": 1.0, "min": 60.0}
    rows = re.findall(r"^    \d(?: and more)? +(\d+) (s|min)  ", backoff.__doc__ or "", flags=re.MULTILINE)

    assert [float(number) * units[unit] for number, unit in rows] == list(LADDER_S)


@given(failures=st.integers(1, 50), random=st.floats(0, 1, exclude_max=True))
def test_jitter_stays_within_a_fifth_of_the_step(failures: int, random: float) -> None:
    step = delay_s(failures, random=NO_JITTER)

    assert step * (1 - JITTER) <= delay_s(failures, random=random) <= step * (1 + JITTER)


@pytest.mark.parametrize(
    ("asked_for", "seconds"),
    [
        pytest.param(0.0, 1.0, id="at once becomes the first step"),
        pytest.param(-5.0, 1.0, id="a moment that has passed becomes the first step"),
        pytest.param(17.0, 17.0, id="honoured"),
        pytest.param(3600.0, 3600.0, id="an hour"),
        pytest.param(1e12, MAX_RETRY_AFTER_S, id="no longer than an hour"),
    ],
)
def test_what_the_site_asks_for_is_honoured_within_bounds(asked_for: float, seconds: float) -> None:
    assert delay_s(6, random=0.9, retry_after_s=asked_for) == seconds
