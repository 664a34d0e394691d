"""How far two releases are apart."""

import pytest

from shared.releases import own_version, releases_apart


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("1.4.0", "1.4.9", 0),
        ("1.4.0", "1.5.0", 1),
        ("1.5", "1.4.0.dev1", 1),
        ("0.1.0", "0.3.0", 2),
        ("1.0.0", "2.0.0", None),
        ("", "1.0", None),
        ("1", "1.0", None),
        ("of old", "1.0", None),
    ],
)
def test_releases_apart(one: str, other: str, apart: int | None) -> None:
    assert releases_apart(one, other) == releases_apart(other, one) == apart


def test_what_is_installed_here_has_a_release() -> None:
    assert releases_apart(own_version(), own_version()) == 0
