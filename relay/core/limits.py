"""How much an outbox may keep, and the names of what it loses beyond that. Values only; the scripts do it.

    an outbox is          what happens
    below 80 % full       nothing is lost
    80 % full             new receipts (delivered, read) are no longer kept: the next one says the same again
    100 % full            the oldest events go, as many as came
    older than its age    what is older goes

Each loss is counted under its reason, in the very step that loses it, and told to the operators. Dead letters have
limits of their own and lose the oldest in the same way.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from shared.wire import KIND_MESSAGING, KIND_STANDBY

DAY_MS = 24 * 60 * 60 * 1000


class Part(StrEnum):
    """The two things an outbox keeps."""

    WAITING = "waiting"
    """Events on their way, or of a page that no site claims."""
    DEAD = "dead"
    """Dead letters: refused for good, or set aside by an operator."""


class LossReason(StrEnum):
    """Why something is gone that nobody has got. The values are field names in Redis and labels of a metric."""

    RECEIPTS = "receipts"
    OVERFLOW_EVENTS = "overflow_events"
    OVERFLOW_BYTES = "overflow_bytes"
    AGE = "age"
    DROPPED = "dropped"
    """By an operator."""
    DEAD_OVERFLOW_EVENTS = "dead_overflow_events"
    DEAD_OVERFLOW_BYTES = "dead_overflow_bytes"
    DEAD_AGE = "dead_age"
    DEAD_DROPPED = "dead_dropped"

    @classmethod
    def of(cls, part: Part, reason: "LossReason") -> "LossReason":
        """Return the reason as it is called where it happens to this part."""
        return cls("dead_" + reason) if part is Part.DEAD else reason


LOSS_WORDS = {
    LossReason.RECEIPTS: "receipts not kept, as the outbox was nearly full",
    LossReason.OVERFLOW_EVENTS: "events beyond the limit of events, the oldest first",
    LossReason.OVERFLOW_BYTES: "events beyond the limit of bytes, the oldest first",
    LossReason.AGE: "events older than the limit of days",
    LossReason.DROPPED: "events dropped by an operator",
    LossReason.DEAD_OVERFLOW_EVENTS: "dead letters beyond their limit of events, the oldest first",
    LossReason.DEAD_OVERFLOW_BYTES: "dead letters beyond their limit of bytes, the oldest first",
    LossReason.DEAD_AGE: "dead letters older than their limit of days",
    LossReason.DEAD_DROPPED: "dead letters dropped by an operator",
}
"""For people: what stands behind a count."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept. Bytes are those of the events' JSON; Redis needs about half as much again for them."""

    max_events: int
    max_bytes: int
    max_age_ms: int

    def fill(self, events: int, size: int) -> float:
        """Return how full that is: 1.0 is full, and more is possible while a batch is on its way."""
        return max(events / self.max_events, size / self.max_bytes)


OUTBOX_LIMITS = Limits(max_events=1_000_000, max_bytes=2 * 1024**3, max_age_ms=7 * DAY_MS)
"""Of each outbox, a site's or an unclaimed page's: a week of a busy site, and a bound for the Redis that all share."""

DEAD_LIMITS = Limits(max_events=100_000, max_bytes=256 * 1024**2, max_age_ms=30 * DAY_MS)
"""Of the dead letters of each outbox: longer than a monthly look at them takes to come round."""

NEARLY_FULL = 0.8
"""The part of its limits from which an outbox keeps no new receipts. `append.lua` has the same number."""

_keys_of = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_RECEIPT_KEYS = frozenset({"delivery", "read"})
_ENVELOPE_KEYS = frozenset({"sender", "recipient", "timestamp"})


def is_receipt(kind: str, payload: bytes) -> bool:
    """Whether an item says that messages were delivered or read, and nothing else. Total: an odd item is none.

    Source: https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks (`delivery`
    and `read` carry a watermark: all that was sent before it; so a later receipt says what this one does).
    """
    if kind not in {KIND_MESSAGING, KIND_STANDBY}:
        return False
    try:
        found = _keys_of(payload).keys()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return not _RECEIPT_KEYS.isdisjoint(found) and found <= _RECEIPT_KEYS | _ENVELOPE_KEYS
