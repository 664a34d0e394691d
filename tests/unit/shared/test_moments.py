"""A moment as a person writes it."""

import pytest

from shared.errors import UserError
from shared.moments import read_moment

NOW = 1_767_225_600.0


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        pytest.param("0s", 1_767_225_600_000, id="now"),
        pytest.param("90s", 1_767_225_510_000, id="seconds ago"),
        pytest.param("2h", 1_767_218_400_000, id="hours ago"),
        pytest.param("999999d", 0, id="before all time"),
        pytest.param("2026-01-01T00:00", 1_767_225_600_000, id="UTC where no zone is given"),
        pytest.param("2026-01-01T01:00:00.5+01:00", 1_767_225_600_500, id="a zone"),
    ],
)
def test_a_time_or_how_long_ago(text: str, expected_ms: int) -> None:
    assert read_moment(text, NOW) == expected_ms


@pytest.mark.parametrize("text", ["", "yesterday", "2x", "-1h", "9999999d"])
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(UserError, match="is no time: expected a time like"):
        read_moment(text, NOW)
