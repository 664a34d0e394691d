"""What an attempt to send means for the reply and for its channel. Decisions only: no clock, no network.

Nothing was sent (`Postponed`) → the reply waits and is tried again, MAX_ATTEMPTS times in all:

    attempt     2    3    4    5    6    7    8    9   10
    after       1    2    5   15   30   60  120  300  300  s, or longer if the platform asks for it
    in all      1    3    8   23   53  113  233  533  833  s

About a quarter of an hour bridges a restarted router. A reply that comes later than that may answer what nobody asks
any more: it fails, with the reason, and the operator decides.
"""

from dataclasses import dataclass

from onsite.core.sending import Lost, Postponed, Refused, SendEvent, SendOutcome, Sent
from onsite.engine.outgoing import Settlement

PAUSES_S = (1, 2, 5, 15, 30, 60, 120, 300, 300)
MAX_ATTEMPTS = len(PAUSES_S) + 1

LONGEST_PAUSE_S = 3600.0
"""A platform that asks for more is asked again after this all the same. So nothing ever waits longer: what seems to,
was set before the clock jumped back, and is due."""

CHANNEL_REMOVED = Refused("channel_removed", "the channel was removed before the reply was sent")
NO_TOKEN = Refused(
    "no_token",
    "the channel has no token: connect its page with `onsite connect` or, without a relay, give it one with"
    " `onsite channel add facebook PAGE_ID`; then send again",
)


@dataclass(frozen=True, slots=True)
class Consequence:
    """What is to be written down."""

    settlement: Settlement
    pause_channel_s: float = 0.0
    """How long nothing else is to be tried on this channel."""
    channel_broken: str = ""
    """The sentence for the channel, if it is concerned as a whole."""


def consequence_of(outcome: SendOutcome, *, attempts: int, now_ms: int) -> Consequence:
    """Decide. `attempts` counts this one."""
    match outcome:
        case Sent(platform_id):
            return Consequence(Settlement(SendEvent.CONFIRMED, platform_id=platform_id))
        case Refused(code, sentence, broken):
            settlement = Settlement(SendEvent.REFUSED, code=code, sentence=sentence)
            return Consequence(settlement, channel_broken=sentence if broken else "")
        case Lost(sentence):
            return Consequence(Settlement(SendEvent.LOST, code="no_answer", sentence=sentence))
        case Postponed(retry_after_s, sentence):
            return _postpone(retry_after_s, sentence, attempts=attempts, now_ms=now_ms)


def _postpone(retry_after_s: float, sentence: str, *, attempts: int, now_ms: int) -> Consequence:
    if attempts >= MAX_ATTEMPTS:
        given_up = f"given up after {attempts} attempts: {sentence}"
        return Consequence(Settlement(SendEvent.REFUSED, code="not_reached", sentence=given_up))
    pause_s = min(max(retry_after_s, PAUSES_S[attempts - 1]), LONGEST_PAUSE_S)
    not_before_ms = now_ms + int(pause_s * 1000)
    waits = Settlement(SendEvent.POSTPONED, code="postponed", sentence=sentence, not_before_ms=not_before_ms)
    return Consequence(waits, pause_channel_s=pause_s)
