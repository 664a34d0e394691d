"""When the site calls its relay, and what it says then."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onsite.core.announcing import (
    AWAY_S,
    HOLD_S,
    LONGEST_PAUSE_S,
    LOOK_AFTER_ANNOUNCING_S,
    Agenda,
    after_absence,
    after_call,
    after_trouble_of_ours,
    was_away,
)
from onsite.core.relay_answers import RelayReading, RelayState

NOW = 1000.0
S = RelayState


def read(state: RelayState, check_again_s: float | None = None) -> RelayReading:
    return RelayReading(state, check_again_s=check_again_s)


def test_the_first_call_announces_and_comes_at_once() -> None:
    agenda = Agenda(at=NOW)

    assert (agenda.announce, agenda.at) == (True, NOW)


@pytest.mark.parametrize(
    ("announced", "state", "announce", "after_s"),
    [
        pytest.param(True, S.UP, False, LOOK_AFTER_ANNOUNCING_S, id="announced: look soon how it went"),
        pytest.param(True, S.PARKED, False, LOOK_AFTER_ANNOUNCING_S, id="announced, events on their way"),
        pytest.param(True, S.PAUSED, False, 60, id="announced in vain, as paused: look now and then"),
        pytest.param(True, S.REFUSED, True, 60, id="refused: announce again"),
        pytest.param(True, S.NOT_OFFERED, True, 600, id="no such call: announce again, much later"),
        pytest.param(True, S.UNREACHABLE, True, 0.75, id="unreachable: announce again, soon"),
        pytest.param(True, S.TROUBLED, True, 0.75, id="in trouble: announce again, soon"),
        pytest.param(False, S.UP, False, 60, id="up"),
        pytest.param(False, S.PARKED, False, 60, id="parked: the relay tries by itself"),
        pytest.param(False, S.PAUSED, False, 60, id="paused"),
        pytest.param(False, S.CLOCK_OFF, False, 60, id="clock off"),
        pytest.param(False, S.UNCHECKED, False, 60, id="something new"),
        pytest.param(False, S.REFUSED, True, 60, id="refused of late: announce once it is mended"),
        pytest.param(False, S.NOT_OFFERED, True, 600, id="not offered of late"),
        pytest.param(False, S.UNREACHABLE, True, 0.75, id="unreachable of late: announce once it is back"),
        pytest.param(False, S.TROUBLED, True, 0.75, id="in trouble of late"),
    ],
)
def test_what_came_of_a_call_says_what_comes_next(
    announced: bool,  # noqa: FBT001  a column of the table
    state: RelayState,
    announce: bool,  # noqa: FBT001  as above
    after_s: float,
) -> None:
    agenda = after_call(Agenda(NOW, announce=announced), read(state), now=NOW, jitter=0.5)

    assert agenda.announce is announce
    assert agenda.at - NOW == pytest.approx(after_s)


def test_every_state_that_a_call_can_bring_is_in_the_table_above() -> None:
    table = test_what_came_of_a_call_says_what_comes_next.pytestmark[0].args[1]  # type: ignore[attr-defined]  # pytest's

    assert {row.values[1] for row in table if not row.values[0]} == set(RelayState) - {RelayState.OFF}


def test_a_relay_that_does_not_answer_is_asked_ever_more_seldom_and_after_a_minute_at_the_latest() -> None:
    agenda, pauses = Agenda(NOW), []
    for _ in range(20):
        after = after_call(agenda, read(S.UNREACHABLE), now=agenda.at, jitter=1.0)
        pauses.append(after.at - agenda.at)
        agenda = after

    assert pauses[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert set(pauses[6:]) == {LONGEST_PAUSE_S}
    again = after_call(agenda, read(S.UP), now=NOW, jitter=1.0)
    assert after_call(again, read(S.UNREACHABLE), now=NOW, jitter=1.0).at - NOW == 1


@pytest.mark.parametrize(
    ("asked_for_s", "every_s"), [(None, 60), (0, 60), (1, 30), (45, 45), (300, 300), (1e9, 3600), (-5, 30)]
)
def test_the_relay_says_how_often_within_bounds(asked_for_s: float | None, every_s: float) -> None:
    agenda = after_call(Agenda(NOW, announce=False), read(S.UP, asked_for_s), now=NOW, jitter=0.5)

    assert agenda.at - NOW == every_s


@given(jitter=st.floats(0, 1), state=st.sampled_from([s for s in RelayState if s is not S.OFF]), announce=st.booleans())
def test_no_call_comes_twice_within_half_a_second_nor_later_than_twelve_minutes(
    jitter: float, state: RelayState, *, announce: bool
) -> None:
    agenda = after_call(Agenda(NOW, announce=announce), read(state), now=NOW, jitter=jitter)

    assert 0.5 <= agenda.at - NOW <= 720


class TestAnnouncingAgain:
    def announced(self, agenda: Agenda, now: float = NOW) -> Agenda:
        return after_call(agenda, read(S.PARKED), now=now, jitter=0.5)

    def test_after_an_absence_it_is_at_once_whatever_was_before(self) -> None:
        agenda = self.announced(self.announced(Agenda(NOW)))
        again = after_absence(agenda, now=NOW + 1)

        assert (again.announce, again.at) == (True, NOW + 1)

    def test_after_trouble_of_ours_it_is_at_once_the_first_time_and_ever_later_while_it_does_not_help(self) -> None:
        agenda, now, moments = after_call(Agenda(NOW, announce=False), read(S.UP), now=NOW, jitter=0.5), NOW, [NOW]
        for _ in range(7):
            agenda = after_trouble_of_ours(agenda, now=now)
            now = agenda.at
            moments.append(now)
            agenda = self.announced(agenda, now)

        assert [later - sooner for sooner, later in pairwise(moments)] == [0, *HOLD_S, HOLD_S[-1], HOLD_S[-1]]

    def test_once_the_relay_says_that_all_is_well_the_next_trouble_is_the_first_again(self) -> None:
        agenda = self.announced(self.announced(Agenda(NOW)))
        agenda = after_call(agenda, read(S.UP), now=NOW, jitter=0.5)

        assert after_trouble_of_ours(agenda, now=NOW + 1).at == NOW + 1


@pytest.mark.parametrize(
    ("wall_s", "monotonic_s", "away"),
    [
        pytest.param(5.0, 5.0, False, id="an ordinary sleep"),
        pytest.param(9.0, 9.0, False, id="a busy machine"),
        pytest.param(3600.0, 5.0, True, id="the machine slept, and one clock with it"),
        pytest.param(3600.0, 3600.0, True, id="the machine slept, and no clock with it"),
        pytest.param(5.0 + AWAY_S + 0.1, 5.0 + AWAY_S + 0.1, True, id="the process was stopped"),
        pytest.param(-3600.0, 5.0, False, id="the wall clock was put back"),
    ],
)
def test_an_absence_shows_on_the_clocks(wall_s: float, monotonic_s: float, *, away: bool) -> None:
    assert was_away(5.0, wall_s=wall_s, monotonic_s=monotonic_s) is away
