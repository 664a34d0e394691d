"""The record of a change that is under way."""

import pytest

from relay.core.change import RENEW_EVERY_S, STALE_AFTER_S, Change, ChangeKind

MICROSECONDS = 1_800_000_000_000_000


@pytest.mark.parametrize(
    ("record", "change"),
    [
        pytest.param(
            f"1000 t1 bind acme {MICROSECONDS}", Change(ChangeKind.BIND, "acme", "t1", MICROSECONDS), id="bind"
        ),
        pytest.param("1000 t2 unbind  7", Change(ChangeKind.UNBIND, "", "t2", 7), id="unbind"),
        pytest.param("0 - settle  0", Change(ChangeKind.SETTLE, "", "-", 0), id="that nobody works on"),
        pytest.param("1000 t1 bind acme", Change(ChangeKind.BIND, "acme", "t1", 0), id="bind of a former release"),
        pytest.param("1000 t2 unbind ", Change(ChangeKind.UNBIND, "", "t2", 0), id="unbind of a former release"),
    ],
)
def test_a_record_is_read_as_it_was_written(record: str, change: Change) -> None:
    assert Change.decode(record) == change


def test_it_is_said_in_words() -> None:
    assert str(Change(ChangeKind.BIND, "acme", "t", 1)) == "bind acme"
    assert str(Change(ChangeKind.UNBIND, "", "t", 1)) == "unbind"


def test_two_renewals_may_fail() -> None:
    assert STALE_AFTER_S > 3 * RENEW_EVERY_S
