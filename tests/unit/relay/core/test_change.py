"""The record of a change that is under way."""

import pytest

from relay.core.change import RENEW_EVERY_S, STALE_AFTER_S, Change, ChangeKind


@pytest.mark.parametrize(
    "change", [Change(ChangeKind.BIND, "acme", "t1", 1000), Change(ChangeKind.UNBIND, "", "t2", 0)]
)
def test_a_record_is_read_as_it_was_written(change: Change) -> None:
    assert Change.decode(change.encode()) == change


@pytest.mark.parametrize(
    ("age_s", "stale"), [(0, False), (STALE_AFTER_S, False), (STALE_AFTER_S + 0.001, True), (-5, False)]
)
def test_a_change_is_stale_when_nobody_renewed_it_for_long(age_s: float, stale: bool) -> None:  # noqa: FBT001  a row
    assert Change(ChangeKind.BIND, "acme", "t1", 1_000_000).is_stale(now=1000 + age_s) is stale


def test_two_renewals_may_fail() -> None:
    assert STALE_AFTER_S > 3 * RENEW_EVERY_S
