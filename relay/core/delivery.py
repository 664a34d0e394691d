"""How a site's delivery stands, and what the answer to a batch changes. Decisions only; `engine.drain` acts on them.

    up ──failed──▶ parked ──failed──▶ parked        a probe at a time, on the ladder of `core.backoff`
    parked ──delivered──▶ up                        drained in order
    up, parked ──gone──▶ paused ──resumed──▶ up     410, or an operator: nothing is tried, everything is kept
    parked ──ready──▶ parked                        the site announced itself: tried at once, the ladder begins anew

An outage is a state of the site, not of each event: whatever happens here, no event leaves the outbox unless it was
acknowledged, or refused for good and kept among the dead letters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from relay.core import backoff
from shared.wire import Rejection


class DeliveryState(StrEnum):
    """How a site's delivery stands."""

    UP = "up"
    PARKED = "parked"
    PAUSED = "paused"


class DeliveryEvent(StrEnum):
    """What can happen to it."""

    DELIVERED = "delivered"
    FAILED = "failed"
    GONE = "gone"
    """The site wants nothing any more, or an operator paused it."""
    RESUMED = "resumed"
    READY = "ready"
    """The site announced itself. Where nothing waits there is nothing to prove: that counts as delivered."""


_S, _E = DeliveryState, DeliveryEvent

TRANSITIONS: dict[tuple[DeliveryState, DeliveryEvent], DeliveryState] = {
    (_S.UP, _E.DELIVERED): _S.UP,
    (_S.UP, _E.FAILED): _S.PARKED,
    (_S.UP, _E.GONE): _S.PAUSED,
    (_S.UP, _E.RESUMED): _S.UP,
    (_S.UP, _E.READY): _S.UP,
    (_S.PARKED, _E.DELIVERED): _S.UP,
    (_S.PARKED, _E.FAILED): _S.PARKED,
    (_S.PARKED, _E.GONE): _S.PAUSED,
    (_S.PARKED, _E.RESUMED): _S.UP,
    (_S.PARKED, _E.READY): _S.PARKED,
    (_S.PAUSED, _E.DELIVERED): _S.PAUSED,  # an operator paused it while a batch was under way
    (_S.PAUSED, _E.FAILED): _S.PAUSED,
    (_S.PAUSED, _E.GONE): _S.PAUSED,
    (_S.PAUSED, _E.RESUMED): _S.UP,
    (_S.PAUSED, _E.READY): _S.PAUSED,
}


class UnexpectedDeliveryEvent(ValueError):
    """The state does not know this event; nothing changes."""


def advance(state: DeliveryState, event: DeliveryEvent) -> DeliveryState:
    """Return the state after `event`. Raises UnexpectedDeliveryEvent for a pair that is not in the table."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise UnexpectedDeliveryEvent(f"a site that is {state} cannot be '{event}'") from None


@dataclass(frozen=True, slots=True)
class Delivered:
    """The site has the batch, committed, but for what it refuses for good."""

    rejected: Sequence[Rejection] = ()


@dataclass(frozen=True, slots=True)
class TooLarge:
    """413: the batch must be smaller."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A 4xx about what the batch says: from the site, or from a filter in front of it that dislikes one event."""

    reason: str
    """For the operators."""


@dataclass(frozen=True, slots=True)
class Gone:
    """410: the site wants nothing any more, until a person resumes it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Anything else: the site does not have the batch, or nobody knows."""

    reason: str
    """For the operators: what happened, without any of the messages."""
    retry_after_s: float | None = None


Verdict = Delivered | TooLarge | Refused | Gone | Failed


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Take the batch off the outbox; what was rejected becomes dead letters."""

    rejected: Sequence[Rejection]


@dataclass(frozen=True, slots=True)
class Shrink:
    """Try the same events again in a smaller batch."""

    max_events: int


@dataclass(frozen=True, slots=True)
class Park:
    """Leave the site alone for a while."""

    delay_s: float
    reason: str
    refused: str = ""
    """The event that was refused although it came alone; empty where none was."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """The batch is one event, which is refused again and again: see whether the site takes others (`core.suspects`)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Leave the site alone until a person says otherwise."""

    reason: str


MAX_REASON = 300
"""Characters kept of what a site gives as its reason."""

SUSPECT_AFTER = 4
"""How often an event must be refused alone before others are asked for: about half a minute on the ladder of
`core.backoff`, longer than a site or its proxy takes to start anew."""

_TOO_LARGE = "413: the site, or a proxy in front of it, finds this single event too large"

Decision = Acknowledge | Shrink | Park | Pause | Suspect


def decide(
    verdict: Verdict, *, event_ids: Sequence[str], failures: int, random: float, refused_before: int = 0
) -> Decision:
    """Say what a verdict on a batch of `event_ids` (at least one) means, after `failures` failures in a row before.

    `refused_before`: how often the first of them was refused alone in earlier attempts.

    verdict     more than one event   one event
    Delivered   acknowledge           acknowledge
    Refused     shrink                park; suspect it when it was refused SUSPECT_AFTER times
    TooLarge    shrink                the same: what refuses everything by 413 must cost no event
    Gone        pause                 pause
    Failed      park                  park, as often as it takes: an outage is never an event's fault
    """
    match verdict:
        case Delivered(rejected):
            return Acknowledge([_cut_short(each) for each in rejected])
        case TooLarge() | Refused() if len(event_ids) > 1:
            return Shrink(len(event_ids) // 2)
        case Gone():
            return Pause("410: the site answered that it wants no more events")
        case Failed(reason, retry_after_s):
            return Park(backoff.delay_s(failures + 1, random=random, retry_after_s=retry_after_s), reason)
        case TooLarge():
            return _refused(_TOO_LARGE, event_ids[0], failures, random, refused_before)
        case Refused(reason):
            return _refused(reason, event_ids[0], failures, random, refused_before)


def _refused(reason: str, event_id: str, failures: int, random: float, refused_before: int) -> Park | Suspect:
    if refused_before + 1 >= SUSPECT_AFTER:
        return Suspect(reason)
    return Park(backoff.delay_s(failures + 1, random=random), reason, refused=event_id)


def _cut_short(rejection: Rejection) -> Rejection:
    """Keep a reason's beginning: no answer must fill the Redis that all share."""
    return Rejection(rejection.id, rejection.reason[:MAX_REASON])
