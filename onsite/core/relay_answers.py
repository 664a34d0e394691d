"""What the relay's answers to our calls mean, in words for the people of this site. Total: any answer gives a reading.

docs/protocol.md, "Calls: site → relay". A relay may be one release ahead of or behind us: fields that are not known are
ignored, and one that does not know the calls at all (404) is a state to be shown, not a fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus

import msgspec

from shared.signing import TOLERANCE_S


class RelayState(StrEnum):
    """How the site and its relay stand with each other."""

    OFF = "off"
    """Nobody told us the relay's address: it is not asked."""
    UNCHECKED = "unchecked"
    """Not asked yet, or it said what this release does not know."""
    UP = "up"
    PARKED = "parked"
    """The relay's pushes failed; it tries again by itself."""
    PAUSED = "paused"
    """The relay sends nothing until its operator resumes this site."""
    CLOCK_OFF = "clock_off"
    """The two clocks differ so much that pushes are refused, or soon will be."""
    REFUSED = "refused"
    """The relay does not accept what our secret gives."""
    UNREACHABLE = "unreachable"
    TROUBLED = "troubled"
    """The relay answers, but that it cannot do its work now."""
    NOT_OFFERED = "not_offered"
    """What answers knows nothing of these calls."""


@dataclass(frozen=True, slots=True)
class RelayReading:
    """What one call told."""

    state: RelayState
    sentence: str = ""
    """What happened and what to do; empty where nothing is to be done."""
    waiting: int | None = None
    """Events that wait at the relay; None where it did not say."""
    pages: Sequence[str] | None = None
    check_again_s: float | None = None
    version: str = ""
    """The relay's own; empty where it did not say."""


OFF = RelayReading(
    RelayState.OFF,
    "ONSITE_RELAY_URL is not set: after an outage the relay finds this site by itself, which can take ten minutes;"
    " with it, at once",
)
UNCHECKED = RelayReading(RelayState.UNCHECKED)

CLOCKS_DIFFER_S = 120.0
"""From which difference on it is told; the receiver refuses pushes from `shared.signing.TOLERANCE_S` on."""
MAX_WORDS = 300
"""Characters kept of what the relay says."""


class _Announced(msgspec.Struct, frozen=True):
    state: str
    waiting: int


class _Paused(msgspec.Struct, frozen=True):
    waiting: int | None = None


class _Look(msgspec.Struct, frozen=True):
    state: str
    waiting: int
    time: str = ""
    version: str = ""
    oldest_s: float | None = None
    next_attempt: str | None = None
    last_error: str = ""
    pages: list[str] = []
    check_again_s: float | None = None


_paused_decoder = msgspec.json.Decoder(_Paused)
_announced_decoder = msgspec.json.Decoder(_Announced)
_look_decoder = msgspec.json.Decoder(_Look)


def unreachable(trouble: str) -> RelayReading:
    """Return the reading of a call that got no answer; `trouble` says why, in words."""
    return RelayReading(
        RelayState.UNREACHABLE,
        f"the relay could not be asked ({trouble}). Asked again by itself; if it goes on, check ONSITE_RELAY_URL and"
        " this machine's way to the internet",
    )


def read_announced(status: int, body: bytes) -> RelayReading:
    """Read the answer to `ready`."""
    if status == HTTPStatus.CONFLICT:
        waiting = _waiting_while_paused(body)
        return RelayReading(RelayState.PAUSED, _paused(waiting), waiting)
    if status != HTTPStatus.OK:
        return not_ok(status)
    try:
        announced = _announced_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _no_relay()
    if announced.state == RelayState.PARKED:
        sentence = (
            f"was parked until it announced itself; {announced.waiting} events waited then, and come by themselves"
        )
        return RelayReading(RelayState.PARKED, sentence, announced.waiting)
    return RelayReading(RelayState.UP, waiting=announced.waiting)


def _waiting_while_paused(body: bytes) -> int | None:
    """Read how many events are kept; None from a relay of an earlier release, and from whatever else says 409."""
    try:
        return _paused_decoder.decode(body).waiting
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def read_look(status: int, body: bytes, *, now: float) -> RelayReading:
    """Read the answer to the question how the relay sees this site; `now` is our clock's, in seconds since 1970."""
    if status != HTTPStatus.OK:
        return not_ok(status)
    try:
        look = _look_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _no_relay()
    state, sentence = _state_of(look, ahead_s=_ahead_s(look.time, now))
    return RelayReading(state, sentence, look.waiting, tuple(look.pages), look.check_again_s, look.version)


def _state_of(look: _Look, *, ahead_s: float) -> tuple[RelayState, str]:
    """Choose the one thing to tell: what only the other side can mend first, then the cause before its effect."""
    if look.state == RelayState.PAUSED:
        return RelayState.PAUSED, _paused(look.waiting)
    if abs(ahead_s) > CLOCKS_DIFFER_S:
        return RelayState.CLOCK_OFF, _clocks_differ(ahead_s)
    if look.state == RelayState.PARKED:
        return RelayState.PARKED, _parked(look)
    if look.state == RelayState.UP:
        return RelayState.UP, ""
    return RelayState.UNCHECKED, f"the relay says {look.state[:MAX_WORDS]!r}, which this release does not know"


def not_ok(status: int) -> RelayReading:
    """Return what an answer means that is not the one that was asked for; total, also for a 200."""
    if status == HTTPStatus.UNAUTHORIZED:
        return RelayReading(
            RelayState.REFUSED,
            "the relay does not accept this site's secret: compare ONSITE_SITE and ONSITE_RELAY_SECRET with what"
            " `relay site add` printed for the relay's operator",
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RelayReading(
            RelayState.TROUBLED,
            f"the relay cannot answer now ({status}); asked again by itself. If it goes on, tell the relay's operator",
        )
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return RelayReading(
            RelayState.NOT_OFFERED,
            f"ONSITE_RELAY_URL answers with a redirect ({status}), which is not followed: name the final address",
        )
    return _no_relay(f" ({status})")


def _no_relay(status: str = "") -> RelayReading:
    return RelayReading(
        RelayState.NOT_OFFERED,
        f"what answers at ONSITE_RELAY_URL does not know this call{status}: check the address; the relay's proxy must"
        " let /v1/sites/ through, and an older relay does not have it. Messages arrive all the same",
    )


def _paused(waiting: int | None) -> str:
    kept = "what comes is kept" if waiting is None else f"{waiting} events are kept there"
    return f"the relay has paused this site; {kept}. Ask the relay's operator to resume it (`relay site resume`)"


def _clocks_differ(ahead_s: float) -> str:
    direction = "ahead of" if ahead_s > 0 else "behind"
    return (
        f"this machine's clock is {_span(abs(ahead_s))} {direction} the relay's; from {TOLERANCE_S / 60:.0f} min on"
        " every push is refused. Set it right, and let it be kept right (NTP)"
    )


def _parked(look: _Look) -> str:
    age = "" if look.oldest_s is None else f", the oldest for {_span(look.oldest_s)}"
    following = f" Next attempt: {look.next_attempt[:MAX_WORDS]}." if look.next_attempt else ""
    reason = look.last_error[:MAX_WORDS] or "no reason told"
    return (
        f"the relay cannot deliver to this site: {reason}. {look.waiting} events wait there{age}; nothing is lost."
        f"{following} Check that the relay reaches this site's public address"
    )


def _ahead_s(relay_time: str, now: float) -> float:
    """Return how far our clock is ahead; 0 where the relay's cannot be read."""
    try:
        moment = datetime.fromisoformat(relay_time)
    except ValueError:
        return 0.0
    return now - moment.timestamp() if moment.tzinfo is not None else 0.0


_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


def _span(seconds: float) -> str:
    if seconds < 2 * _MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < 2 * _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    if seconds < 2 * _DAY_S:
        return f"{seconds / _HOUR_S:.0f} h"
    return f"{seconds / _DAY_S:.0f} days"
