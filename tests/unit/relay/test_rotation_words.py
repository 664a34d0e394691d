"""How the exchange of a site's secret is told to operators."""

from typing import Any

import pytest

from relay.cli.site_words import rotation_in_words


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [
        pytest.param(None, "", id="none is under way"),
        pytest.param(
            {"begun_at": "10:00", "site_uses": "old", "since": "10:01"},
            "rotates since 10:00; the site still uses the old one",
            id="the old one",
        ),
        pytest.param(
            {"begun_at": "10:00", "site_uses": "new", "since": "10:05"},
            "rotates since 10:00; the site uses the new one since 10:05: --finish ends the old one",
            id="the new one",
        ),
        pytest.param(
            {"begun_at": "10:00", "site_uses": "unknown", "since": None},
            "rotates since 10:00; the site has not called since, so it is not known which one it uses",
            id="nobody knows",
        ),
    ],
)
def test_it_is_told_which_secret_the_site_uses(rotation: dict[str, Any] | None, expected: str) -> None:
    assert rotation_in_words(rotation) == expected
