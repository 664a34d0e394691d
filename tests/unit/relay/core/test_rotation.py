"""What becomes of a site when its secret rotates."""

import pytest
from pydantic import SecretStr

from relay.core.rotation import Rotation, SecretUse, Uses, begun, begun_again, finished, mark_of, rotation_of
from relay.core.site import Site
from shared.errors import UserError
from shared.site_secret import api_token, new_site_secret

OLD, NEW, NEWER = (new_site_secret() for _ in range(3))
SITE = Site("acme", "https://chat.example", (OLD,), 1)
ROTATING = begun(SITE, NEW, now_ms=7)


def use_of(secret: SecretStr) -> SecretUse:
    return SecretUse(mark_of(api_token(secret).get_secret_value().encode()), 9)


def test_a_new_secret_stands_in_front_of_the_old_one() -> None:
    assert (ROTATING.secrets, ROTATING.rotating_since_ms) == ((NEW, OLD), 7)


def test_a_second_rotation_is_refused_during_the_first() -> None:
    with pytest.raises(UserError, match="rotates already"):
        begun(ROTATING, NEWER, now_ms=8)


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        pytest.param(None, Rotation(7, Uses.UNKNOWN, None), id="has not called"),
        pytest.param(use_of(NEWER), Rotation(7, Uses.UNKNOWN, None), id="called with one that was replaced"),
        pytest.param(use_of(OLD), Rotation(7, Uses.OLD, 9), id="the old one"),
        pytest.param(use_of(NEW), Rotation(7, Uses.NEW, 9), id="the new one"),
    ],
)
def test_it_is_told_with_which_secret_the_site_calls(use: SecretUse | None, expected: Rotation) -> None:
    assert rotation_of(ROTATING, use) == expected


def test_a_site_with_one_secret_has_no_rotation() -> None:
    assert rotation_of(SITE, use_of(OLD)) is None


def test_a_lost_new_secret_is_replaced_and_the_old_one_stays() -> None:
    assert begun_again(ROTATING, NEWER, use_of(OLD)).secrets == (NEWER, OLD)


def test_a_new_secret_that_the_site_uses_is_not_replaced() -> None:
    with pytest.raises(UserError, match="locked out"):
        begun_again(ROTATING, NEWER, use_of(NEW))


@pytest.mark.parametrize(
    ("use", "reason"),
    [
        pytest.param(use_of(OLD), "still uses the old secret", id="still the old one"),
        pytest.param(None, "has not called", id="nobody knows"),
    ],
)
def test_the_overlap_ends_only_when_the_site_uses_the_new_secret_or_by_force(
    use: SecretUse | None, reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        finished(ROTATING, use, force=False)

    assert finished(ROTATING, use, force=True).secrets == (NEW,)


def test_afterwards_the_newest_secret_stands_alone() -> None:
    after = finished(ROTATING, use_of(NEW), force=False)

    assert (after.secrets, after.rotating_since_ms) == ((NEW,), None)


def test_what_does_not_rotate_can_be_neither_finished_nor_begun_again() -> None:
    with pytest.raises(UserError, match="does not rotate"):
        finished(SITE, None, force=True)
    with pytest.raises(UserError, match="does not rotate"):
        begun_again(SITE, NEW, None)
