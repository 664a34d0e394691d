"""When the site calls the relay, and whether it announces itself or only looks. Decisions only: no clock, no network.

It announces itself once it listens, and whenever it may have missed something; until that got through it does so again.

| what came of the call | next call |
|---|---|
| announced | look in 5 s how it went |
| up, parked, clock_off | look when the relay asked for it (60 s), ±20 % |
| paused | the same: only the relay's operator can change it |
| refused | announce in a minute: somebody may be mending the secret just now |
| not_offered | announce in ten minutes: a relay is not upgraded every minute |
| unreachable, troubled | announce in 1, 2, 4 … 60 s, each time a random part of it |

An announcement makes the relay try at once. Where that helps only until the next push (a full disk), the site must not
keep both busy: HOLD_S is how long one is held back after the first, second … in a row that did not help.
"""

from dataclasses import dataclass, replace

from onsite.core.relay_answers import RelayReading, RelayState

LOOK_AFTER_ANNOUNCING_S = 5.0
LOOK_EVERY_S = 60.0
SOONEST_LOOK_S, LATEST_LOOK_S = 30.0, 3600.0
"""Bounds of what a relay may ask for."""
LOOK_JITTER = 0.2

REFUSED_PAUSE_S = 60.0
NOT_OFFERED_PAUSE_S = 600.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0

HOLD_S = (30.0, 120.0, 300.0, 600.0)

AWAY_S = 15.0
"""How much longer than it was meant to a short sleep must have taken for the machine to have slept, or the process."""

_NO_ANSWER = frozenset({RelayState.UNREACHABLE, RelayState.TROUBLED})


@dataclass(frozen=True, slots=True)
class Agenda:
    """What comes next. Times are seconds of a clock that never jumps and may start anywhere."""

    at: float
    announce: bool = True
    failures: int = 0
    """Calls in a row that nobody answered."""
    in_vain: int = 0
    """Announcements since the relay last said that all is well."""
    hold_until: float = float("-inf")


def after_call(agenda: Agenda, reading: RelayReading, *, now: float, jitter: float) -> Agenda:
    """Return what follows from a call that was on the agenda; `jitter` is random, from 0 to 1."""
    if reading.state in _NO_ANSWER:
        ladder_s = min(FIRST_PAUSE_S * 2 ** min(agenda.failures, 10), LONGEST_PAUSE_S)
        at = now + ladder_s * (0.5 + jitter / 2)
        return replace(agenda, announce=True, at=at, failures=agenda.failures + 1)
    agenda = replace(agenda, failures=0)
    spread = 1 - LOOK_JITTER + 2 * LOOK_JITTER * jitter
    if reading.state is RelayState.REFUSED:
        return replace(agenda, announce=True, at=now + REFUSED_PAUSE_S * spread)
    if reading.state is RelayState.NOT_OFFERED:
        return replace(agenda, announce=True, at=now + NOT_OFFERED_PAUSE_S * spread)
    if agenda.announce and reading.state is not RelayState.PAUSED:
        hold_s = HOLD_S[min(agenda.in_vain, len(HOLD_S) - 1)]
        at, in_vain = now + LOOK_AFTER_ANNOUNCING_S, agenda.in_vain + 1
        return replace(agenda, announce=False, at=at, in_vain=in_vain, hold_until=now + hold_s)
    agenda = replace(agenda, announce=False, at=now + _look_every_s(reading) * spread)
    if reading.state is RelayState.UP:
        return replace(agenda, in_vain=0, hold_until=float("-inf"))
    return agenda


def after_absence(agenda: Agenda, *, now: float) -> Agenda:
    """Return what follows when the site was away as a whole: announce at once, as at the start."""
    return replace(agenda, announce=True, at=now, failures=0, in_vain=0)


def after_trouble_of_ours(agenda: Agenda, *, now: float) -> Agenda:
    """Return what follows when what kept us from taking pushes seems to be over: announce, but not again and again."""
    return replace(agenda, announce=True, at=max(now, agenda.hold_until))


def was_away(meant_s: float, *, wall_s: float, monotonic_s: float) -> bool:
    """Whether a sleep of `meant_s` took so long, on either clock, that the machine or this process stood still.

    A machine's sleep shows on the wall clock; on the other only where it runs on meanwhile, which differs by system.
    """
    return max(wall_s, monotonic_s) - meant_s > AWAY_S


def _look_every_s(reading: RelayReading) -> float:
    return min(max(reading.check_again_s or LOOK_EVERY_S, SOONEST_LOOK_S), LATEST_LOOK_S)
