"""What is known of the relay, and what of it is logged."""

import pytest
from structlog.testing import capture_logs

from onsite.core.relay_answers import OFF, UNCHECKED, RelayReading, RelayState
from onsite.engine.relay_link import RelayLink
from tests.support.clock import NOON, ManualClock

UP = RelayReading(RelayState.UP, waiting=0)
PARKED = RelayReading(RelayState.PARKED, "the relay cannot deliver", 3)


@pytest.mark.parametrize(("asked", "reading"), [(True, UNCHECKED), (False, OFF)])
def test_before_the_first_call_nothing_is_known(*, asked: bool, reading: RelayReading) -> None:
    link = RelayLink(asked=asked, clock=ManualClock())

    assert (link.reading, link.checked_at_ms, link.announced_at_ms) == (reading, None, None)


def test_the_last_reading_is_kept_with_its_time() -> None:
    clock = ManualClock()
    link = RelayLink(asked=True, clock=clock)
    link.note(UP, announced=True)
    clock.advance(60)
    link.note(PARKED, announced=False)

    assert link.reading is PARKED
    assert link.checked_at_ms == round((NOON + 60) * 1000)
    assert link.announced_at_ms == round(NOON * 1000)


@pytest.mark.parametrize(
    "state", [RelayState.PAUSED, RelayState.REFUSED, RelayState.UNREACHABLE, RelayState.NOT_OFFERED]
)
def test_an_announcement_that_was_not_taken_is_none(state: RelayState) -> None:
    link = RelayLink(asked=True, clock=ManualClock())
    link.note(RelayReading(state, "trouble"), announced=True)

    assert link.announced_at_ms is None


def test_that_events_waited_for_a_site_that_announced_itself_is_no_reason_to_warn() -> None:
    link = RelayLink(asked=True, clock=ManualClock())
    with capture_logs() as logs:
        link.note(PARKED, announced=True)

    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("relay_state", "info"),
        ("site_announced", "info"),
    ]


def test_a_new_state_is_logged_and_the_same_again_is_not() -> None:
    link = RelayLink(asked=True, clock=ManualClock())
    with capture_logs() as logs:
        for reading in (UP, UP, PARKED, PARKED, UP):
            link.note(reading, announced=False)

    assert [(line["event"], line["log_level"], line["was"], line["state"]) for line in logs] == [
        ("relay_state", "info", "unchecked", "up"),
        ("relay_state", "warning", "up", "parked"),
        ("relay_state", "info", "parked", "up"),
    ]
    assert logs[1]["sentence"] == "the relay cannot deliver"
