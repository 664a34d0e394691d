"""Each state knows its events and no other, and a person can always have it tried again."""

import itertools

import pytest

from onsite.core.media.states import (
    TRANSITIONS,
    MediaEvent,
    MediaState,
    UnknownMediaEvent,
    advance,
    states_before,
)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(MediaState, MediaEvent)))
def test_an_event_leads_where_the_table_says_or_changes_nothing(state: MediaState, event: MediaEvent) -> None:
    expected = TRANSITIONS.get((state, event))

    if expected is None:
        with pytest.raises(UnknownMediaEvent, match=str(state)):
            advance(state, event)
    else:
        assert advance(state, event) is expected


def test_what_is_not_here_can_be_asked_for_again() -> None:
    assert states_before(MediaEvent.ASKED) == {MediaState.FAILED, MediaState.DROPPED}


def test_every_state_is_reached_from_the_first() -> None:
    reached = {MediaState.PENDING}
    for _ in MediaState:
        reached |= {after for (state, _), after in TRANSITIONS.items() if state in reached}

    assert reached == set(MediaState)
